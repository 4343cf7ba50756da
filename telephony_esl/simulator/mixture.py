"""Who answers a number that the cast does not list: a mixture of behaviours.

What a number *is* depends on the number alone, so it stays so at every call: 5 of 100 do not exist, 5 are unreachable,
8 are voicemails, 82 belong to people. What a person does depends on the call: of 100 calls 10 are busy, 14 ring out,
6 are rejected, 2 meet congestion; the other 68 are answered: by somebody who says yes (30 of 68), says no (14), presses
1 or 2 (12), stays silent (6), or hangs up after some seconds (6). People say and press the same at up to five turns.
"""

from __future__ import annotations

from random import Random
from typing import Final

from telephony_esl.simulator.behaviour import Answer, Behaviour, Failure, Person, Refusal, Then, Voicemail

YES: Final = ("да", "да, конечно", "хорошо", "ага", "согласен")
NO: Final = ("нет", "не хочу", "нет, спасибо", "не нужно")
GREETINGS: Final = ("алло", "алло, слушаю", "да, слушаю", "слушаю вас", "говорите")
MOST_TURNS: Final = 5


def mixed_behaviour(number: str, rng: Random) -> Behaviour:
    """What happens at one call to an unlisted number; the same `number` and state of `rng` give the same."""
    kind = Random(number).randrange(100)
    if kind < 5:
        return Refusal(Failure.NONEXISTENT, after_ring_s=0.5)
    if kind < 10:
        return Refusal(Failure.UNREACHABLE, after_ring_s=1.5)
    if kind < 18:
        return Voicemail(after_ring_s=rng.randrange(4, 20))
    return _person(rng)


def _person(rng: Random) -> Behaviour:
    mood = rng.randrange(100)
    if mood < 10:
        return Refusal(Failure.BUSY, after_ring_s=0.5)
    if mood < 24:
        return Refusal(Failure.NO_ANSWER)
    if mood < 30:
        return Refusal(Failure.REJECTS, after_ring_s=rng.randrange(2, 10))
    if mood < 32:
        return Refusal(Failure.CONGESTION, after_ring_s=0.2)
    ring_s, greeting = rng.randrange(2, 12), rng.choice(GREETINGS)
    if mood < 62:
        return Person(_always(Answer(say=rng.choice(YES))), ring_s, greeting, then=Then.SILENT)
    if mood < 76:
        return Person(_always(Answer(say=rng.choice(NO))), ring_s, greeting, then=Then.SILENT)
    if mood < 88:
        return Person(_always(Answer(press=rng.choice("12"))), ring_s, greeting, then=Then.SILENT)
    if mood < 94:
        return Person((), ring_s, None)
    return Person((), ring_s, greeting, hang_up_after_s=rng.randrange(2, 8))


def _always(answer: Answer) -> tuple[Answer, ...]:
    return (answer,) * MOST_TURNS
