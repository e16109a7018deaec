"""What only a GPU can show: steps that are recorded and replayed, and a training that is compiled."""

from dataclasses import replace

import pytest
import torch

from helpers.training import loop
from helpers.training.loop import Budget, TrainingConfig, train, warm_up
from tests.support.small_training import SMALL

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
RECIPES = {
    "sgd": SMALL,
    "muon": replace(SMALL, muon_lr=0.02, resolutions=((20, 0.5), (32, 1.0))),
    "flip": replace(SMALL, muon_lr=0.02, flip_equivariant=True, flip=False),
}


def trained(recipe, images, **how):
    return train(TrainingConfig(recipe, Budget(5, "epochs"), device="cuda", **how), images)


@pytest.fixture(params=RECIPES.values(), ids=RECIPES)
def recipe(request):
    return request.param


def test_replayed_steps_are_plain_ones(images, recipe):
    recorded = trained(recipe, images)
    plain = trained(recipe, images, cuda_graphs=False)
    assert recorded.steps == len(recorded.losses) == len(recorded.seconds_at) == 40
    assert recorded.losses[:8] == pytest.approx(plain.losses[:8], rel=1e-2)
    assert recorded.losses[-8:] == pytest.approx(plain.losses[-8:], rel=0.1)
    assert plain.losses[-1] < plain.losses[0]


def test_it_learns_as_on_the_cpu(images, recipe):
    here = trained(recipe, images)
    there = train(TrainingConfig(recipe, Budget(5, "epochs")), images)
    assert here.losses[:4] == pytest.approx(there.losses[:4], rel=2e-2)
    assert sum(here.losses[-8:]) == pytest.approx(sum(there.losses[-8:]), rel=0.05)


def test_a_resumed_training_goes_on(images, recipe):
    saved = []
    whole = trained(recipe, images)
    looks = iter(range(20))
    config = TrainingConfig(recipe, Budget(5, "epochs"), device="cuda")
    with pytest.raises(loop.Interrupted):
        train(config, images, stop=lambda: next(looks, None) is None, save=saved.append)
    again = train(config, images, resume=saved[-1])
    assert (again.steps, len(again.losses)) == (whole.steps, 40)
    assert again.losses[:20] == pytest.approx(whole.losses[:20], rel=0.05)
    assert sum(again.losses[-8:]) == pytest.approx(sum(whole.losses[-8:]), rel=0.05)


def test_compiled_in_half_precision_it_learns_the_same(images):
    recipe = RECIPES["flip"]
    config = TrainingConfig(recipe, Budget(5, "epochs"), 0, "cuda", "bf16", True)
    assert warm_up(config, images) > 0
    compiled = train(config, images)
    plain = trained(recipe, images, precision="bf16")
    assert sum(compiled.losses[-8:]) == pytest.approx(sum(plain.losses[-8:]), rel=0.05)


def test_a_budget_of_seconds_is_kept(images):
    config = TrainingConfig(SMALL, Budget(1, "s"), device="cuda")
    warm_up(config, images)
    assert train(config, images).seconds == pytest.approx(1, rel=0.03)
