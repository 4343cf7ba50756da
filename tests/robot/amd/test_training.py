"""Training: the same seed gives the same detector, numpy tells what scikit-learn told, thresholds hold."""

from __future__ import annotations

import numpy as np
import pytest

from models.manifest import SHIPPED
from robot.amd.dataset import composed, listen_to
from robot.amd.model import Bias, Trained, load
from robot.amd.report import report
from robot.amd.training import MOST_PEOPLE, Listened, cross_validated, errors, fit_trees, train, unset
from robot.asr.silero import Silero
from tests.robot.amd.calls import clips


@pytest.fixture(scope="module")
def heard() -> list[Listened]:
    return listen_to(composed(clips(), people=24, seed=3), Silero(SHIPPED / "silero-vad" / "silero_vad.onnx"))


@pytest.fixture(scope="module")
def trained(heard: list[Listened]) -> Trained:
    return train(heard, 5)


def test_the_same_seed_trains_the_same_detector(heard: list[Listened], trained: Trained) -> None:
    assert train(heard, 5).to_bytes() == trained.to_bytes()
    assert train(heard, 6).to_bytes() != trained.to_bytes()


def test_numpy_tells_what_scikit_learn_told(heard: list[Listened], monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.ensemble import GradientBoostingClassifier  # type: ignore[import-untyped]

    fitted: list[GradientBoostingClassifier] = []
    original = GradientBoostingClassifier.fit

    def fit(self: GradientBoostingClassifier, *given: object, **named: object) -> GradientBoostingClassifier:
        fitted.append(self)
        return original(self, *given, **named)

    monkeypatch.setattr(GradientBoostingClassifier, "fit", fit)
    ours = unset(fit_trees(heard, 5), heard, 5)
    rows = np.concatenate([call.figures for call in heard])
    assert ours.machine(rows) == pytest.approx(fitted[0].predict_proba(rows)[:, 1], abs=1e-5)


def test_the_file_gives_the_detector_back(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("amd") / "detector.json"
    path.write_bytes(trained.to_bytes())
    assert load(path) == trained
    assert path.stat().st_size < 5_000_000


def test_a_harsher_bias_costs_more_people_and_misses_fewer_machines(trained: Trained) -> None:
    chosen = [trained.thresholds[bias] for bias in (Bias.PEOPLE_FIRST, Bias.BALANCED, Bias.MACHINES_OUT)]
    assert [one.machine for one in chosen] == sorted((one.machine for one in chosen), reverse=True)
    for bias, one in zip(Bias, chosen, strict=True):
        assert one.people_taken_for_machines <= MOST_PEOPLE[bias] or one.machine >= 0.995


def test_errors_count_people_and_machines_apart(heard: list[Listened], trained: Trained) -> None:
    calls = [call for call in heard if call.speaks]
    thresholds = trained.thresholds[Bias.PEOPLE_FIRST]
    assert errors(calls, [np.ones(len(call.figures)) for call in calls], thresholds) == (1.0, 0.0)
    assert errors(calls, [np.zeros(len(call.figures)) for call in calls], thresholds) == (0.0, 1.0)


def test_a_report_judges_each_call_by_a_detector_that_never_heard_its_part(heard: list[Listened]) -> None:
    models = cross_validated(heard, "training", 5)
    for fold, model in models.items():
        assert not set(model.sources) & {
            c.group for c in heard if c.fold == fold and c.group not in ("silence", "tones")
        }
    found = report(heard, models)
    assert set(found) == {"training", "other"}
