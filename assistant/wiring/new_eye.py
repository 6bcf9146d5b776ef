"""Loads the full model for seeing beside the small one once it was fetched, and takes it into use between two turns.

It does not know who fetches it, nor what a model is made of.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from assistant.models import catalog
from assistant.wiring.assembly import Assembly

if TYPE_CHECKING:
    from vision.engine.engine import Engine
    from vision.loading_engine import LoadingEngine


class NewEye:
    """The model for seeing that comes while the assistant runs. If it cannot be loaded, the small one goes on."""

    def __init__(self, assembly: Assembly, engine: LoadingEngine) -> None:
        self._assembly = assembly
        self._engine = engine
        self._model: catalog.ChosenModel | None = None

    def begin(self) -> None:
        """Begins to load the model that was fetched. It returns at once. Call it from one thread."""
        from vision.interface import Answerer

        model = self._model = catalog.choose_eye(self._assembly.config)

        def load(stack: contextlib.ExitStack) -> Engine:
            return self._assembly.load_model(model, stack)

        self._engine.load_beside(load, Answerer(model.name, model.is_demo), self._tell_failure)

    @property
    def is_there(self) -> bool:
        """True while the model is loaded and waits to be taken into use."""
        return self._engine.has_next

    def take(self) -> bool:
        """Takes the model into use and says so. False if there is none. Call it while no turn is under way."""
        if self._model is None or not self._engine.take_next():
            return False
        self._assembly.change_model(self._model)
        self._assembly.tell("the full model for seeing is used from now on", self._assembly.phrases.setup.eye_taken)
        return True

    def _tell_failure(self, error: Exception) -> None:
        self._assembly.tell(
            f"seesay: the full model for seeing is not used: {error}", self._assembly.phrases.setup.eye_fails
        )
