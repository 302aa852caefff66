"""The limits as a list of what happened, counted anew for every question: what the script in Redis must agree with."""
import dataclasses

SLICES, RING, KEEP, HELD_RETRY, SWEEP = 15, 16, 600_000, 1000, 32
TOTAL, INPUT, OUTPUT, REQUESTS = range(4)
ADMITTED, REFUSED, NEVER = range(3)


@dataclasses.dataclass(frozen=True)
class Demand:
    key: str
    window: int  # ms
    limit: int
    count: int = TOTAL
    clamp: bool = False
    dry: bool = False

    @property
    def slice(self):
        return -(-self.window // SLICES)

    @property
    def flags(self):
        return int(self.clamp) + 2 * int(self.dry)

    def need(self, prompt, output):
        """wanted, least"""
        least = amount(self.count, prompt, min(output, 1))
        return max(min(amount(self.count, prompt, output), self.limit), least), least


def amount(count, prompt, output):
    return (prompt + output, prompt, output, 1)[count]


class Model:
    def __init__(self):
        self.charges = {}  # key: [(ms, tokens)]
        self.live = {}     # id: [ends, input, output, [(demand, amount)]]
        self.lapsed = {}   # the same; when it lapsed instead of its end
        self.requests = {} # id: [(key, when it was counted)]
        self.late = {}     # id: until when a reserve that comes after its release does nothing

    def sweep(self, now):
        due = sorted([(r[0], i) for i, r in self.live.items() if r[0] <= now]
                     + [(r[0] + KEEP, i) for i, r in self.lapsed.items() if r[0] + KEEP <= now])
        for _, name in due[:SWEEP]:
            if name in self.lapsed:
                del self.lapsed[name]
            else:
                record = self.live.pop(name)
                self.charge(record, record[1], record[2], now)
                record[0] = now
                self.lapsed[name] = record

    def charge(self, record, prompt, output, time, sign=1):
        for demand, _ in record[3]:
            self.charges.setdefault(demand.key, []).append((time, sign * amount(demand.count, prompt, output)))

    def slices(self, demand, now):
        """{ordinal: tokens} of the slices that count"""
        found = {}
        for time, tokens in self.charges.get(demand.key, []):
            if time // demand.slice > now // demand.slice - RING:
                found[time // demand.slice] = found.get(time // demand.slice, 0) + tokens
        return found

    def held(self, demand):
        return sum(held for r in self.live.values() for d, held in r[3] if d.key == demand.key)

    def counted(self, demand, now):
        return sum(self.slices(demand, now).values()) + self.held(demand)

    def remaining(self, demand, now):
        return max(demand.limit - self.counted(demand, now), 0)

    def retry_after(self, demand, granted, now):
        missing = self.counted(demand, now) + granted - demand.limit
        slices = self.slices(demand, now)
        if sum(slices.values()) < missing:
            return HELD_RETRY
        freed = 0
        for ordinal in sorted(slices):
            freed += slices[ordinal]
            if freed >= missing:
                return max((ordinal + RING) * demand.slice - now, 1)
        raise AssertionError("not reached")

    def reserve(self, name, demands, prompt, output, lease, now, recorded=(0, 0)):
        """(status, refused, retry_after, [remaining], [granted])"""
        self.sweep(now)
        status, refused, retry, grants = ADMITTED, 0, 0, []
        known = name in self.live or name in self.lapsed or self.late.get(name, 0) > now
        for i, demand in enumerate(demands):
            wanted, least = demand.need(prompt, output)
            room = self.remaining(demand, now)
            granted = max(min(room, wanted), least) if demand.clamp and not known else wanted
            if granted > room or least > demand.limit:
                if known:
                    pass
                elif demand.dry:
                    granted = wanted
                elif least > demand.limit:
                    if status != NEVER:
                        status, refused, retry = NEVER, i, 0
                elif status != NEVER:
                    wait = self.retry_after(demand, granted, now)
                    if status == ADMITTED or wait > retry:
                        status, refused, retry = REFUSED, i, wait
            grants.append(granted)
        if status == ADMITTED and not known:
            items = []
            for demand, granted in zip(demands, grants):
                if demand.count == REQUESTS:
                    self.charges.setdefault(demand.key, []).append((now, 1))
                else:
                    items.append((demand, granted))
            self.live[name] = [now + lease, *recorded, items]
            self.requests[name] = [(demand.key, now) for demand in demands if demand.count == REQUESTS]
        return status, refused, retry, [self.remaining(d, now) for d in demands], grants

    def progress(self, name, prompt, output, ahead, lease, now):
        self.sweep(now)
        if name in self.lapsed:
            record = self.live[name] = self.lapsed.pop(name)
            self.charge(record, record[1], record[2], record[0], -1)
        if name not in self.live:
            return ahead
        record = self.live[name]
        record[0], record[1], record[2] = now + lease, prompt, output
        granted = ahead
        for i, (demand, held) in enumerate(record[3]):
            used, wanted = amount(demand.count, prompt, output), amount(demand.count, prompt, output + ahead)
            room = 10**15 if demand.dry else self.remaining(demand, now)
            held += max(min(wanted - held, room), used - held, 0)
            record[3][i] = (demand, held)
            if demand.count != INPUT:
                granted = min(granted, max(held - used, 0))
        return granted

    def settle(self, name, prompt, output, now):
        self.sweep(now)
        if name in self.live:
            self.charge(self.live.pop(name), prompt, output, now)
            return 1
        if name in self.lapsed:
            record = self.lapsed.pop(name)
            self.charge(record, record[1], record[2], record[0], -1)
            self.charge(record, prompt, output, record[0])
            return 1
        return 0

    def release(self, name, now):
        self.sweep(now)
        if name not in self.live and name not in self.lapsed:
            if self.late.get(name, 0) <= now:
                self.late[name] = now + KEEP
            return 0
        self.settle(name, 0, 0, now)
        for key, time in self.requests[name]:
            self.charges[key].append((time, -1))
        return 1
