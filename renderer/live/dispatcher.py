"""Execute commands of the renderer, whoever sent them: the server, the page, or the settings file."""

import logging
from collections.abc import Callable
from concurrent.futures import Future

from core import errors
from core.commands.limits import MAX_REASON
from core.commands.reading import Command, Refusal, read_values
from core.commands.spec import Executor
from core.text import one_line
from renderer.live.commands import HANDLERS, Later
from renderer.live.controller import RenderController
from renderer.live.settings_file import LOAD, RESETS, SettingsFile
from renderer.outcome import Outcome, Reply

log = logging.getLogger(__name__)

_Work = Callable[[], list[Reply] | Later]


class RenderDispatcher:
    """Looks up a command's function, runs it, and stores what it set. Methods may be called from any thread."""

    def __init__(self, controller: RenderController, settings_file: SettingsFile | None = None) -> None:
        """Execute commands on `controller`; without a file, nothing is stored."""
        self._controller = controller
        self._settings_file = settings_file or SettingsFile()

    def submit(self, command: Command, store: bool = True) -> "Future[Outcome]":
        """Execute a command. Commands that change something run one at a time.

        Args:
            command: checked against the command table, for the renderer.
            store: whether to write what it sets to the settings file, before the outcome is there.

        Returns:
            The outcome: there on return, unless the command waits for a search for directions.
        """
        outcome: Future[Outcome] = Future()
        # Nobody can cancel it.
        outcome.set_running_or_notify_cancel()
        handler = HANDLERS[command.address]
        self._run(command, lambda: handler.function(self._controller, command.values), outcome, store)
        return outcome

    def execute(self, command: Command) -> Outcome:
        """Execute a command and wait for its outcome."""
        return self.submit(command).result()

    def restore(self, model: str | None = None) -> None:
        """Load a model and apply the stored settings; what fails is logged.

        Args:
            model: a name, in place of the stored one; directions and edits of another model are dropped.
        """
        with self._controller.lock:
            commands = self._settings_file.read()
            stored = next((command for command in commands if command.address == LOAD), None)
            other = model is not None and (stored is None or stored.values["name"] != model)
            load = _load(model) if model is not None and other else stored
            loaded = load is not None and self._apply(load, store=other)
            if not loaded:
                self._open_first()
            # Directions and edits belong to the stored model.
            dropped = RESETS[LOAD] if other or (load and not loaded) else ()
            for command in commands:
                if command.address not in (LOAD, *dropped):
                    self._apply(command)

    def _apply(self, command: Command, store: bool = False) -> bool:
        """Execute a stored command and log its error; returns False if it has failed at once."""
        outcome = self.submit(command, store)
        outcome.add_done_callback(lambda done: _log_error(command, done.result().error))
        return not (outcome.done() and outcome.result().error)

    def _open_first(self) -> None:
        try:
            self._controller.open()
        except (ValueError, OSError) as error:
            log.warning("%s", error)

    def _run(self, command: Command, work: _Work, outcome: "Future[Outcome]", store: bool) -> None:
        try:
            if HANDLERS[command.address].query:
                result = work()
            else:
                with self._controller.lock:
                    result = work()
                    if store and not isinstance(result, Later):
                        self._settings_file.store(command)
        except (ValueError, OSError) as error:
            outcome.set_result(Outcome([], one_line(errors.sentence(error), MAX_REASON)))
        except Exception as error:
            log.exception("%s failed", command.address)
            outcome.set_result(Outcome([], one_line(f"internal error: {error}", MAX_REASON)))
        else:
            if isinstance(result, Later):
                then = result.then
                result.search.ended.add_done_callback(lambda _: self._run(command, then, outcome, store))
            else:
                outcome.set_result(Outcome(result, ""))


def _load(model: str) -> Command:
    command = read_values(LOAD, {"name": model}, Executor.RENDERER)
    if isinstance(command, Refusal):
        raise ValueError(command.reason)
    return command


def _log_error(command: Command, error: str) -> None:
    if error:
        log.warning("a stored setting is not applied: %s: %s", command.address, error)
