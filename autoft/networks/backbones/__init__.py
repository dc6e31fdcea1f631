"""Backbones: pretrained Keras models that turn a text or a picture into numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from autoft.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeSchedule:
    """After some epochs a backbone's last layers are trained; none of them with ``layers=0``."""

    epochs: int = 0
    layers: int = 0


class Backbone(ABC):
    """A pretrained model, registered by its name (``@BACKBONES.register``): from cells of columns of some kinds
    (``text``) to vectors of the length `outputs`."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[str]]
    outputs: ClassVar[int]

    @abstractmethod
    def build(self) -> Any:
        """The Keras model with its pretrained weights: one input, a batch of cells ``[B, ...]``, to ``[B, outputs]``.

        It is made of Keras' own layers and registered ones (`autoft.preprocessing.registered_layers.layer`).
        """

    def freeze(self, model: Any, schedule: FreezeSchedule, epoch: int) -> None:
        """Set which layers of a built model are trained in an epoch, which is counted from 1."""
        trained = schedule.layers if epoch > schedule.epochs else 0
        for place, layer in enumerate(reversed(model.layers)):
            layer.trainable = place < trained


BACKBONES: Registry[Backbone] = Registry("backbone", "autoft.backbones", own="autoft.networks.backbones")
