"""What each field of a written scenario means: the sentences that an editor shows beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_THEN: Final = "The step that follows; left out: the next one in the file."
_PROMPT: Final = "What is said before."
_AGAIN: Final = "What is said instead from the second time on."
_REPEATS: Final = "How often it is asked again after no or a wrong answer."
_WAIT: Final = "Seconds of silence, after the prompt, that count as no answer."
_LONGEST: Final = "Seconds after which one turn of the caller is cut."
_BARGE_IN: Final = "Whether the caller may interrupt the prompt."
_QUESTION: Final = "The short text for the statistics; without it nothing is stored."
_OTHERWISE: Final = "The step that follows when there is no answer."
_FAILED: Final = "The step that follows when it went wrong or took too long."
_TIMEOUT: Final = "Seconds until it counts as failed."
_PHRASES: Final = "Phrases that mean it, separated by commas."
_FORMS: Final = "Whether other forms of the phrases' words count (хочу, хотел бы)."

DOCS: Final[Mapping[str, Mapping[str, str]]] = {
    "flow": {
        "": "A scenario: what a robot says and what it does with the answers.",
        "name": "The scenario's name.",
        "start": "The step that the dialog begins with; left out: the first one in the file.",
        "language": "What the robot speaks and hears.",
        "variables": "Variables of the scenario's own, with the values they have at first.",
        "voice": "The voice of all prompts that name no other.",
        "intents": "What a caller may mean, by name.",
        "handlers": "What is handled anywhere in the dialog, by name: objections, repeat, operator …",
        "flows": "Parts of the dialog that several places call, by name.",
        "steps": "The steps by name.",
    },
    "sub-flow": {
        "": "A part of the dialog with steps of its own.",
        "start": "The step it begins with; left out: the first one.",
        "steps": "Its steps by name; they lead to each other alone, and out by `return:`.",
    },
    "prompt": {
        "": "What is said.",
        "text": "The text, with {variables}; at most 500 characters.",
        "audio": "A stored sound file to play instead.",
        "voice": "The voice, where it is not the scenario's.",
    },
    "answer": {
        "": "One expected answer.",
        "id": "Its name within the step; left out: answer1, answer2 … by its place.",
        "then": _THEN,
        "label": "Its name in statistics; left out: what it stands under. Empty: it is not stored.",
        "key": "The key of the telephone that gives it: 0–9, * or #.",
        "phrases": _PHRASES,
        "reply": "What is said after this answer.",
    },
    "case": {
        "": "One way on.",
        "variable": "The variable that is compared.",
        "then": "The step that follows if it holds.",
        "op": "How it is compared; shorter: `is: value`, `more: value`, `empty: true`.",
        "value": "What it is compared with; may hold {variables}.",
    },
    "intent": {
        "": "Something a caller may mean.",
        "examples": "How callers say it; the classifier learns from these, 10 or more of them.",
        "phrases": f"{_PHRASES} They need no learning.",
        "library": "A ready intent of this name, whose examples are added to these.",
        "forms": _FORMS,
    },
    "handler": {
        "": "What is done with an intent wherever in the dialog it is heard.",
        "kind": "What it does besides its reply; left out: its name, where that is one of the kinds, else objection.",
        "intent": "The intent it answers; left out: the one that has its name.",
        "reply": "What is said.",
        "again": _AGAIN,
        "limit": "How often in one call.",
        "then": "The step that follows; left out: back to the interrupted one.",
        "escalation": "The step that follows when the limit is passed.",
        "flow": "A sub-flow that runs after the reply.",
        "wait_s": "Seconds that a `wait` stays silent or an `operator` is waited for.",
        "delay_min": "Minutes until the call that a `later` without a time promises.",
        "group": "The operator group of an `operator`.",
        "goodbye": "The last words, where it ends the call.",
        "disposition": "The disposition of a call that it ends.",
    },
    "say": {"": "Says a text and goes on.", "prompt": "What is said.", "then": _THEN, "barge_in": _BARGE_IN},
    "ask": {
        "": "Asks and goes on by the answer.",
        "prompt": "The question as it is said.",
        "answers": "The expected answers, by their names in statistics.",
        "otherwise": _OTHERWISE,
        "question": _QUESTION,
        "repeats": _REPEATS,
        "again": _AGAIN,
        "wait_s": _WAIT,
        "barge_in": _BARGE_IN,
        "longest_s": _LONGEST,
        "forms": _FORMS,
        "intents": "Further ways on, by the intent that is heard.",
    },
    "listen": {
        "": "Hears any words and keeps them in a variable.",
        "variable": "The variable that keeps them.",
        "then": _THEN,
        "otherwise": _OTHERWISE,
        "prompt": _PROMPT,
        "kind": "What is wanted: any text, a number, a phone, a date and time, or yes or no.",
        "question": _QUESTION,
        "repeats": _REPEATS,
        "again": _AGAIN,
        "wait_s": _WAIT,
        "longest_s": _LONGEST,
        "barge_in": _BARGE_IN,
        "least": "The least number allowed.",
        "most": "The greatest number allowed.",
    },
    "branch": {
        "": "Goes on by the value of a variable.",
        "cases": "The ways on; the first that holds is taken.",
        "otherwise": "The step that follows when none holds.",
    },
    "set": {"": "Gives a variable a value.", "variable": "The variable.", "value": "Its value.", "then": _THEN},
    "fetch": {
        "": "Calls out over HTTP and keeps values of the answer.",
        "url": "The address; variables in it are encoded.",
        "then": _THEN,
        "failed": _FAILED,
        "method": "The HTTP method.",
        "headers": "Headers by name.",
        "body": "The body; variables in it are escaped for JSON.",
        "timeout_s": _TIMEOUT,
        "retries": "How often it is tried again.",
        "save": "Where the answer's values go: JSON pointer (/order/sum) to variable.",
        "prompt": _PROMPT,
    },
    "act": {
        "": "Runs a custom action.",
        "action": "The action's name.",
        "then": _THEN,
        "failed": _FAILED,
        "timeout_s": _TIMEOUT,
        "prompt": _PROMPT,
    },
    "transfer": {
        "": "Puts the caller through to operators.",
        "group": "The operator group.",
        "otherwise": "The step that follows when nobody came.",
        "prompt": _PROMPT,
        "wait_s": "Seconds to wait for an operator.",
    },
    "message": {
        "": "Sends a message and goes on.",
        "text": "What is sent; nothing where a template is.",
        "then": _THEN,
        "channel": "By what it is sent.",
        "template": "One of the company's templates instead of the text.",
        "subject": "The subject of an e-mail.",
        "to": "A phone, an address or a URL; left out: the contact's own.",
    },
    "callback": {
        "": "Promises another call and goes on.",
        "delay_min": "Minutes from now, where the variable holds no time.",
        "variable": "The variable that a `listen` of the kind date_time filled.",
        "then": _THEN,
    },
    "tag": {"": "Puts a tag on the contact.", "tag": "The tag.", "then": _THEN},
    "dispose": {"": "Notes the call's disposition.", "disposition": "The disposition.", "then": _THEN},
    "call": {"": "Runs a sub-flow and goes on.", "flow": "The sub-flow.", "then": _THEN},
    "return": {"": "Ends a sub-flow."},
    "end": {
        "": "Says the last words and hangs up.",
        "prompt": "The last words, if any.",
        "result": "The call's result.",
        "disposition": "The call's disposition.",
    },
}
