"""The report is made from a book of JSON alone, and hides no spoilt run."""

from pathlib import Path

import msgspec

from bench import figures, report
from bench.scenarios import Book


def _load(count: int, web_s: float, **others: float) -> dict[str, object]:
    cpu_s = {"web": web_s, "redis": 0.5, **others}
    return {"count": count, "seconds": 2.0, "cpu_s": cpu_s, "client_cpu_s": 0.1}


def _entry(
    side: str,
    run: int,
    load: dict[str, object],
    scenario: str = "fanout",
    **more: object,
) -> dict[str, object]:
    result = {"load": load, **more}
    where = {"run": run, "side": side, "scenario": scenario, "members": 200}
    return {**where, "result": result}


def book(faults: list[str] | None = None) -> Book:
    latency = {"rate": 10, "count": 9, "p50_ms": 4.2, "p99_ms": 8.4, "lag_p99_ms": 0.1}
    entries = [
        _entry("stock", 0, _load(2000, 0.5), latency=latency),
        _entry(
            "ours",
            0,
            _load(60_000, 0.5, worker=1.0),
            latency=latency,
            quiet=latency,
            steady=[{**latency, "rate": 150, "p50_ms": 2.5}],
        ),
        _entry("ours", 0, _load(5000, 0.5), scenario="posts", quiet=latency),
        _entry("loop", 0, _load(30_000, 0.5)),
        _entry("stock", 1, _load(1000, 0.5)),
        _entry("ours", 1, _load(50_000, 0.5), faults=faults or []),
        {
            "run": 0,
            "side": "ours",
            "scenario": "connect",
            "members": 100,
            "result": {"load": _load(100, 0.5), "rss_kib": {"web": 3000}},
        },
        _entry("stock", 0, _load(100, 0.5), scenario="hello_cookie"),
        _entry("ours", 0, _load(200, 0.5), scenario="hello_cookie"),
        _entry("ours", 0, _load(50, 0.5), scenario="connect"),
    ]
    text = msgspec.json.encode({"machine": {"cores": "2"}, "measurements": entries})
    return msgspec.json.decode(text, type=Book)


def test_the_report_and_its_plot_are_written_from_json(tmp_path: Path) -> None:
    report.write(book(), tmp_path / "docs")
    text = (tmp_path / "docs" / "performance.md").read_text()
    assert "| 200 | 1,500 | 30,000 | 55,000 | 40.0 × | 2.0 × | 40,000 |" in text
    assert "| stock | 200 | 10.0 | 4.2 | 8.4 |" in text
    assert "| fan-out by the C loop, 200 members | 2.0 × | at least 2 × | yes |" in text
    assert "| fan-out by stock, 200 members | 40.0 × | at least 250 × | no |" in text
    assert "| KiB per idle socket | 100 | — | 30.0 | — |" in text
    assert "cores: 2" in text
    drawing = (tmp_path / "docs" / "performance.svg").read_text()
    assert drawing.count("<rect") == 4


def test_latency_is_told_at_the_rates_that_all_are_asked_for() -> None:
    text = report.markdown(book())
    assert "| ours | 200 | 150 | 2.5 | 8.4 |" in text
    assert "| stock | 200 | 150 | — | — |" in text


def test_a_lone_post_is_told_beside_the_rate_of_many() -> None:
    assert "| 2,500 | 5,000 | 4.2 | 8.4 |" in report.markdown(book())


def test_greeted_sockets_stand_apart_from_those_in_a_room() -> None:
    text = report.markdown(book())
    assert "| to `hello` by cookie, per core-second | 200 | 100 | 200 | 2.0 × |" in text
    assert "| into a room by cookie, per core-second | 200 | — | 50.0 | — |" in text
    assert "µs of CPU time | 200 | — | 15,000 | — |" in text


def test_a_ratio_is_taken_within_each_run() -> None:
    ratio = figures.ratio(book(), "fanout", 200, figures.fanout_per_core_second)
    assert ratio == (30 + 50) / 2


def test_a_spoilt_run_is_named_and_counts_nowhere() -> None:
    spoilt = book(["7 deliveries were lost"])
    text = report.markdown(spoilt)
    assert "run 2, ours, fanout with 200: 7 deliveries were lost" in text
    assert "| 200 | 1,500 | 30,000 | 60,000 | 30.0 × | 2.0 × | 30,000 |" in text
