"""Reads files in worker processes, and says which of them crashed, hung or lied."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 12
ADDRESS_SPACE = 6 << 30
WORKER = Path(__file__).with_name("worker.py")
GOOD = {"valid", "error"}


@dataclass(frozen=True)
class Verdict:
    """What a reader did with one file.

    Attributes:
        outcome: `valid`, `error` (a typed one), `untyped`, `invalid` (arrays), `crash` or `hang`.
        text: The error's class and text, or how the process ended.
        rows: Rows of a valid table.
        peak: The worker's peak memory in bytes.
    """

    outcome: str
    text: str = ""
    rows: int = 0
    peak: int = 0


class Worker:
    """One child process; restarted after a crash or a hang."""

    script = WORKER

    def __init__(self, backend, address_space=ADDRESS_SPACE):
        self.backend = backend
        self.address_space = address_space
        self.process = None
        self.idle_peak = 0
        self.public = False
        self.drain = None
        self.errors = []

    def start(self):
        """Start the child and hear that it is ready, with its peak memory so far."""
        environment = os.environ | {"PARQUETFRAME_BACKEND": self.backend}
        self.process = subprocess.Popen(
            [sys.executable, str(self.script), str(self.address_space)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self.errors = []
        self.drain = threading.Thread(target=self._drain, args=(self.process.stderr,), daemon=True)
        self.drain.start()
        line = self._line(60)
        assert line, f"the worker did not start: {self._last_words()}"
        said = json.loads(line)
        self.idle_peak, self.public = said["peak"], said["public"]

    def _drain(self, stream):
        for line in stream:
            self.errors = [*self.errors[-20:], line.decode(errors="replace")]

    def _last_words(self):
        return "".join(self.errors[-20:]).strip()[-600:]

    def _line(self, timeout_s):
        """The next line, or nothing after a crash; a hang raises `TimeoutError`."""
        late = threading.Event()

        def give_up():
            late.set()
            self.process.kill()

        timer = threading.Timer(timeout_s, give_up)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line and late.is_set():
            raise TimeoutError
        return line

    def read(self, path, kind):
        """Read one file."""
        if self.process is None:
            self.start()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"path": str(path), "kind": kind}).encode() + b"\n")
            self.process.stdin.flush()
        try:
            line = self._line(TIMEOUT_S)
        except TimeoutError:
            self.stop()
            return Verdict("hang", f"no answer in {TIMEOUT_S} s")
        if not line:
            code = self.process.wait()
            text = f"exit code {code}; {self._last_words()}"
            self.stop()
            return Verdict("crash", text)
        said = json.loads(line)
        text = f"{said['error']}: {said['text']}" if "error" in said else ""
        return Verdict(said["outcome"], text, said.get("rows", 0), said["peak"])

    def stop(self):
        """End the child."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.drain.join()
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
            self.process = None


class Judge:
    """A few workers on one backend, kept from case to case."""

    def __init__(self, backend, workers=2, kind=Worker):
        self.workers = [kind(backend) for _ in range(workers)]

    @property
    def good(self):
        """Outcomes that are no defect; the workflow's readers may fail in an untyped way."""
        return GOOD if self.workers[0].public else GOOD | {"untyped", "invalid"}

    def verdicts(self, cases, kind, folder):
        """Read every case `(label, bytes)`; gives `(label, bytes, verdict)` for each, in any order."""
        waiting, done = queue.SimpleQueue(), []
        for case in cases:
            waiting.put(case)

        def work(worker, path):
            with contextlib.suppress(queue.Empty):
                while True:
                    label, content = waiting.get_nowait()
                    path.write_bytes(content)
                    done.append((label, content, worker.read(path, kind)))

        threads = [
            threading.Thread(target=work, args=(worker, folder / f"case{index}.{kind}"))
            for index, worker in enumerate(self.workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return done

    def stop(self):
        """End all workers."""
        for worker in self.workers:
            worker.stop()
