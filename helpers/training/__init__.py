"""CIFAR-10 in a minute on two CPU cores: the training program of page 07, `python -m helpers.training --help`.

To be read in this order:

    net             the network
    batches         images in memory, and batches of them
    recipe          settings, schedule, optimizers
    loop            the training loop
    evaluation      how good a net is
    gpu             what a training does otherwise on a GPU

    speed           what a step takes on this machine, and in which precision it takes less
    curves          what accuracy a recipe reaches with how much work, as recorded
    choice          which recipe comes furthest here in the time that there is, by both

    distributed     several processes
    checkpoints     the state of a training as a file
    signals         Ctrl-C
    results         what came of a training, as data and as text
    run             the command; its command line is in __main__

Further commands:

    baselines       other people's nets, which are in baseline_nets
    ablation        technique by technique: the seconds to one accuracy
    throughput      images a second, from any source of batches
    techniques      technique by technique: the accuracy after the same images
    search          candidates for a recipe
    profile         where the time of a step goes

    records         reads what all of these have written, for the pages
"""
