"""Many clients at once."""

from concurrent.futures import ThreadPoolExecutor

import requests


def test_two_importers_leave_no_half_batch(tracker, classic):
    names = [str(number) for number in range(50)]

    def importer(who):
        for turn in range(10):
            rows = [{"record_id": name, "name": f"{who}{turn}"} for name in names]
            assert classic.import_records(rows) == {"count": 50}

    def reader(_):
        seen = set()
        for _ in range(20):
            body = {"token": classic.token, "content": "record", "format": "json", "fields": "name"}
            rows = requests.post(tracker.url, data=body, timeout=30).json()
            seen.add((len(rows), len({row["name"] for row in rows})))
        return seen

    with ThreadPoolExecutor(3) as pool:
        read = pool.submit(reader, None)
        list(pool.map(importer, "ab"))
    assert read.result() <= {(0, 0), (50, 1)}


def test_numbers_given_at_once_are_all_different(classic):
    def importer(number):
        return classic.import_records(
            [{"record_id": "x", "name": str(number)}], force_auto_number=True, return_content="ids"
        )

    with ThreadPoolExecutor(4) as pool:
        ids = [ids[0] for ids in pool.map(importer, range(40))]
    assert sorted(map(int, ids)) == list(range(1, 41))
