"""CIFAR-10 in a minute on two CPU cores: the training program of page 07, `python -m helpers.training --help`.

To be read in this order: `net` (the network), `batches` (images and what is done to them), `recipe` (settings,
schedule, optimizers), `loop` (the training loop, evaluation), `speed` (what a machine can do, and what to choose for
it), `distributed` (several processes, checkpoints), `run` (the command), `__main__` (its command line). Around them:
`results` (of one training, as data and text), `baselines`, `ablation`, `search`, `profile` (commands of their own),
`baseline_nets` (other people's nets), `records` (results that are kept, for pages 17 and 18).
"""
