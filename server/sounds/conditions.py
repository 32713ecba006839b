"""Commands about conditions: what notes are besides their pitch."""

from gansynth.conditions import ANY
from server.engine.request import Request
from server.osc.packet import Message
from server.session import Session
from server.sounds.result import Context, Result


def condition(context: Context, request: Request) -> Result:
    """Set a condition for all notes from now on."""
    values = request.command.values
    session = context.session.with_condition(values["name"], values["value"])
    return Result(session, [_conditioned(session, values["name"])])


def conditions(context: Context, request: Request) -> Result:
    """Report the values of each condition, and which are set."""
    return Result(context.session, choices_of(context.session))


def choices_of(session: Session) -> list[Message]:
    """The replies with the values of each condition of the model, and with those that are set.

    Raises:
        ValueError: no model is loaded.
    """
    choices = session.need_model().conditions
    pairs = ((Message("/sound/choices", (name, *choices[name])), _conditioned(session, name)) for name in choices)
    return [message for pair in pairs for message in pair]


def conditions_of(session: Session) -> list[Message]:
    """The replies with the conditions that are set."""
    return [_conditioned(session, name) for name in session.conditions]


def _conditioned(session: Session, name: str) -> Message:
    return Message("/sound/conditioned", (name, *session.conditions.get(name, (ANY,))))
