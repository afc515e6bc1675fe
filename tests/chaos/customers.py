"""People who go on asking for pictures while things break, as a good client does: again with the same key."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx

from harness.running_studio import an_address_of_ones_own

PASSWORD = "a long and quiet river"
# What a client may be told while a studio is in trouble: not now; the first try is still running.
TOLD_TO_WAIT = (503, 409)


class Customers:
    """`count` people, each with a client. `answers` counts what the API answered, by status."""

    def __init__(self, url: str, count: int) -> None:
        self.answers: Counter[int | str] = Counter()
        self.clients: list[httpx.Client] = []
        self.user_ids: list[str] = []
        self._threads = ThreadPoolExecutor(count)
        self._asking: list[Future[list[str]]] = []
        self._enough = threading.Event()
        try:
            for _ in range(count):
                client = self._sign_up(url)
                me = _persist(lambda client=client: client.get("/api/v1/me"))  # type: ignore[misc]
                self.user_ids.append(me.json()["user"]["id"])
        except BaseException:
            self.close()
            raise

    def ask(self, jobs: int, *, pause: float = 0.0, **wishes: Any) -> list[str]:
        """Each person asks for so many pictures, one after the other; returns the jobs' ids when all are taken."""
        self.begin(jobs, pause=pause, **wishes)
        return self.asked()

    def begin(self, jobs: int, *, pause: float, **wishes: Any) -> None:
        """As `ask`, in the background."""
        self._asking += [
            self._threads.submit(self._ask, client, jobs, pause, wishes) for client in self.clients
        ]

    def asked(self) -> list[str]:
        """The ids of all jobs that were asked for, once the last request is taken."""
        return [job_id for asking in self._asking for job_id in asking.result()]

    def complain(self) -> None:
        """Raise what somebody was told that nobody should be told."""
        for asking in self._asking:
            if asking.done():
                asking.result()

    def close(self) -> None:
        self._enough.set()
        self._threads.shutdown(cancel_futures=True)
        for client in self.clients:
            client.close()

    def _ask(self, client: httpx.Client, jobs: int, pause: float, wishes: dict[str, Any]) -> list[str]:
        body = {"job_type": "txt2img", "prompt": "a red house at sunset", "width": 64, "height": 64, **wishes}
        job_ids = []
        for _ in range(jobs):
            taken = self._until_taken(client, body)
            job_ids += [job["id"] for job in taken["jobs"]]
            time.sleep(pause)
        return job_ids

    def _until_taken(self, client: httpx.Client, body: dict[str, Any]) -> Any:
        key = {"Idempotency-Key": str(uuid4())}
        while not self._enough.is_set():
            try:
                answer = client.post("/api/v1/jobs", json=body, headers=key)
            except httpx.TransportError as error:
                self.answers[type(error).__name__] += 1
                time.sleep(0.2)
                continue
            self.answers[answer.status_code] += 1
            if answer.status_code == 202:
                return answer.json()
            if answer.status_code not in TOLD_TO_WAIT:
                raise AssertionError(f"{answer.status_code}: {answer.text}")
            time.sleep(0.2)
        raise AssertionError("the test ended before the request was taken")

    def _sign_up(self, url: str) -> httpx.Client:
        client = httpx.Client(base_url=url, timeout=60)
        self.clients.append(client)
        person = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "display_name": "Somebody"}
        at = an_address_of_ones_own()
        answer = _persist(lambda: client.post("/api/v1/auth/register", json=person, headers=at))
        assert answer.status_code == 201, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


def _persist(call: Callable[[], httpx.Response]) -> httpx.Response:
    """The first answer but "not now"."""
    for _ in range(50):
        answer = call()
        if answer.status_code != 503:
            break
        time.sleep(0.2)
    return answer
