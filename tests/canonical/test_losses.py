from __future__ import annotations

from plexus.canonical.losses import Loss, Losses


def test_a_loss_counts_once_and_order_stays() -> None:
    losses = Losses()
    losses.add("top_k", "unsupported")
    losses.add("seed", "unsupported")
    losses.add("top_k", "unsupported")
    assert losses == [Loss("top_k", "unsupported"), Loss("seed", "unsupported")]


def test_losses_of_another_step_are_joined_each_once() -> None:
    found = Losses([Loss("a", "foreign")])
    found.join([Loss("b", "refused"), Loss("a", "foreign")])
    assert found == [Loss("a", "foreign"), Loss("b", "refused")]
