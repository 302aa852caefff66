// KEYS[1] is a hash: w<key> a window, r<id> a reservation, e the epoch, m the longest window, x when the hash expires, n
// no lease ends before, c where the last look for stale windows stopped. KEYS[2] is a sorted set: ids by when their lease
// ends (or their memory, once they lapsed), and an empty name for ever, so that the set is never empty and keeps its expiry.
//
// - The time is Redis' own: one clock for all machines, so that windows and leases mean the same to each. ARGV[2] sets
//   another one, for tests. Redis 6.2 replicates what a script wrote, not the script, so that TIME may be asked.
// - Writes are collected and done at the end, the hash's in one HSET: a script that fails (no memory) has done nothing.
// - Numbers are doubles: all counts stay below 2^53, where they are exact.
// - The epoch tells when the hash was made. A settle that brings another one knows that Redis has lost the reservation:
//   it charges then, once, and leaves a record (state 2) for its duplicates. So does a release, whose reserve may be late.
// - Looking for stale windows goes along with making new ones, so that a hash holds little more than what counts.
#include "limits/quota_script.h"

#define OPENSSL_API_COMPAT 0x10100000L
#include <openssl/sha.h>

#include <span>

#include "core/digest.h"

namespace aigw::limits {

static constexpr std::string_view kScript = R"lua(
local SLICES, RING, MAX, TOLERANCE, KEEP, HELD_RETRY = 15, 16, 1e15, 5000, 600000, 1000
local SWEEP, LOOK, RENEW = 32, 8, 60000
local LENGTH, NEWEST, HELD, FIRST = 1, 2, 3, 4
local LIVE, LAPSED, SETTLED, REQUESTS = 0, 1, 2, 3
local hash, leases = KEYS[1], KEYS[2]
local op, now, id, lease = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local input, output = tonumber(ARGV[5]), tonumber(ARGV[6])
local floor, min, max = math.floor, math.min, math.max
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
end

local windows, sums, changed, rebased = {}, {}, {}, {}
local stored = {}
local records, gone = {}, {}
local scores, unscored = {}, {}
local longest, expires, next_end, first_end, cursor

local function slice_length(w) return floor((w[LENGTH] + SLICES - 1) / SLICES) end
local function ordinal(w, time) return floor(time / slice_length(w)) end
local function slot(slice) return FIRST + slice % RING end
local function add(a, b) return min(a + b, MAX) end

local function advance(w)
  local current, newest = ordinal(w, now), w[NEWEST]
  if current > newest then
    for slice = max(newest + 1, current - SLICES), current do w[slot(slice)] = 0 end
    w[NEWEST] = current
  elseif newest * slice_length(w) - now > TOLERANCE then
    local moved = {}
    for back = 0, RING - 1 do moved[slot(current - back)] = w[slot(newest - back)] end
    for i, tokens in pairs(moved) do w[i] = tokens end
    w[NEWEST], rebased[w] = current, true
  end
  return w
end

local function open(raw, length)
  local w, sum = {length, 0, 0}, 0
  if raw then
    w = advance(cmsgpack.unpack(raw))
    for i = FIRST, FIRST + RING - 1 do sum = sum + w[i] end
  else
    for i = FIRST, FIRST + RING - 1 do w[i] = 0 end
    w[NEWEST] = ordinal(w, now)
  end
  sums[w] = sum
  return w
end

local function window(key, length)
  local w = windows[key]
  if not w then
    local raw = stored['w' .. key]
    if raw == nil then raw = redis.call('HGET', hash, 'w' .. key) end
    w = open(raw, length)
    windows[key] = w
  end
  return w
end

local function charged(w) return min(sums[w], MAX) end
local function set(w, i, tokens)
  sums[w] = sums[w] + tokens - w[i]
  w[i] = tokens
end
local function counted(w) return add(charged(w), w[HELD]) end

local function until_free(w, need)
  local freed, last = 0, 0
  for slice = w[NEWEST] - SLICES, w[NEWEST] do
    local here = w[slot(slice)]
    if freed < need and here > 0 then freed, last = freed + here, slice end
  end
  if freed == 0 then return 0 end
  return max((last + RING) * slice_length(w) - now, 1)
end

local function until_empty(w)
  if w[HELD] > 0 then return max((w[NEWEST] + RING) * slice_length(w) - now, 1) end
  return until_free(w, MAX)
end

local function amount(count)
  if count == 0 then return input + output elseif count == 1 then return input elseif count == 2 then return output end
  return 1
end

local function change(key) changed[key] = true end

local function charge(key, length, tokens)
  local w = window(key, length)
  local i = slot(w[NEWEST])
  set(w, i, add(w[i], tokens))
  change(key)
  return w
end

-- A record is {state, at, input, output, then for each item key, length, count, amount}; of requests the amount is when
-- the one was charged, and only `release` asks for it.
local function each_item(record, act)
  for i = 5, #record, 4 do
    if record[i + 2] ~= REQUESTS then act(record[i], record[i + 1], record[i + 2], record[i + 3], i) end
  end
end

local function charge_record(record)
  each_item(record, function(key, length, count, held)
    local w = charge(key, length, amount(count))
    w[HELD] = max(w[HELD] - held, 0)
  end)
end

local function correct_record(record)
  local new_input, new_output = input, output
  each_item(record, function(key, length, count)
    local w = window(key, length)
    local slice = ordinal(w, record[2])
    if slice <= w[NEWEST] and slice > w[NEWEST] - RING then
      input, output = record[3], record[4]
      local rest = max(w[slot(slice)] - amount(count), 0)
      input, output = new_input, new_output
      set(w, slot(slice), add(rest, amount(count)))
      change(key)
    end
  end)
end

local function give_requests_back(record)
  for i = 5, #record, 4 do
    local w = record[i + 2] == REQUESTS and window(record[i], record[i + 1])
    local slice = w and ordinal(w, record[i + 3])
    if w and slice <= w[NEWEST] and slice > w[NEWEST] - RING then
      set(w, slot(slice), max(w[slot(slice)] - 1, 0))
      change(record[i])
    end
  end
end

local function get_record(name)
  if gone[name] then return nil end
  if records[name] then return records[name] end
  local raw = stored['r' .. name]
  if raw == nil then raw = redis.call('HGET', hash, 'r' .. name) end
  return raw and cmsgpack.unpack(raw)
end

local function put_record(name, record, ends)
  records[name], gone[name], scores[name], unscored[name] = record, nil, ends, nil
  next_end = min(next_end, ends)
end

local function drop_record(name)
  records[name], gone[name], scores[name], unscored[name] = nil, true, nil, true
end

-- It lives after all: what it was charged is held again.
local function revive(record)
  local own_input, own_output = input, output
  input, output = 0, 0
  correct_record(record)
  input, output = own_input, own_output
  each_item(record, function(key, length, _, held)
    local w = window(key, length)
    w[HELD] = add(w[HELD], held)
    change(key)
  end)
  record[1] = LIVE
end

-- Leases that ended are charged with what was recorded.
local function sweep()
  if now < next_end then return end
  local own_input, own_output = input, output
  local due = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, SWEEP)
  local rest = redis.call('ZRANGE', leases, #due, #due, 'WITHSCORES')
  next_end = tonumber(rest[2]) or math.huge
  for _, name in ipairs(due) do
    local record = get_record(name)
    if record and record[1] == LIVE then
      input, output = record[3], record[4]
      charge_record(record)
      record[1], record[2] = LAPSED, now
      put_record(name, record, now + KEEP)
    else
      drop_record(name)
    end
  end
  input, output = own_input, own_output
end

local function look_for_stale()
  local found = redis.call('HSCAN', hash, redis.call('HGET', hash, 'c') or '0', 'COUNT', LOOK)
  cursor = found[1]
  for i = 1, #found[2], 2 do
    local field = found[2][i]
    local key = string.sub(field, 2)
    if string.sub(field, 1, 1) == 'w' and not windows[key] and counted(open(found[2][i + 1])) == 0 then
      redis.call('HDEL', hash, field)
    end
  end
end

local function write(epoch)
  local fields, dead, ranks, unranked = {}, {}, {}, {}
  for key, w in pairs(windows) do
    if rebased[w] then changed[key] = true end
  end
  for key in pairs(changed) do
    fields[#fields + 1], fields[#fields + 2] = 'w' .. key, cmsgpack.pack(windows[key])
    longest = max(longest, windows[key][LENGTH])
  end
  for name, record in pairs(records) do
    fields[#fields + 1], fields[#fields + 2] = 'r' .. name, cmsgpack.pack(record)
  end
  for name in pairs(gone) do dead[#dead + 1] = 'r' .. name end
  for name, ends in pairs(scores) do ranks[#ranks + 1], ranks[#ranks + 2] = ends, name end
  for name in pairs(unscored) do unranked[#unranked + 1] = name end
  if cursor then fields[#fields + 1], fields[#fields + 2] = 'c', cursor end
  if next_end ~= first_end then fields[#fields + 1], fields[#fields + 2] = 'n', next_end end
  if #fields > 0 then
    fields[#fields + 1], fields[#fields + 2] = 'e', epoch
    fields[#fields + 1], fields[#fields + 2] = 'm', longest
    local life = longest + floor(longest / SLICES) + lease + 2 * KEEP
    local renew = math.abs(now + life - expires) > RENEW
    if renew then fields[#fields + 1], fields[#fields + 2] = 'x', now + life end
    redis.call('HSET', hash, unpack(fields))
    if renew then
      redis.call('ZADD', leases, '+inf', '')
      redis.call('PEXPIRE', hash, life)
      redis.call('PEXPIRE', leases, life)
    end
  end
  if #dead > 0 then redis.call('HDEL', hash, unpack(dead)) end
  if #ranks > 0 then
    redis.call('ZADD', leases, unpack(ranks))
  end
  if #unranked > 0 then redis.call('ZREM', leases, unpack(unranked)) end
end

-- All that the call names, at once.
local wanted, step = {'e', 'm', 'x', 'n', 'r' .. id}, op == 'reserve' and 7 or 3
for i = op == 'reserve' and 7 or 8, #ARGV, step do wanted[#wanted + 1] = 'w' .. ARGV[i] end
local head = redis.call('HMGET', hash, unpack(wanted))
for i = 5, #wanted do stored[wanted[i]] = head[i] end
local epoch, known_epoch = tonumber(head[1]) or now, tonumber(head[1]) or 0
longest, expires, next_end = tonumber(head[2]) or 0, tonumber(head[3]) or 0, tonumber(head[4]) or math.huge
first_end = next_end
sweep()

if op == 'reserve' then
  local demands, first = {}, {}
  for i = 7, #ARGV, 7 do
    local key = ARGV[i]
    demands[#demands + 1] = {key = key, length = tonumber(ARGV[i + 1]), limit = tonumber(ARGV[i + 2]),
      wanted = tonumber(ARGV[i + 3]), least = tonumber(ARGV[i + 4]), count = tonumber(ARGV[i + 5]),
      clamp = ARGV[i + 6] == '1' or ARGV[i + 6] == '3', dry = ARGV[i + 6] == '2' or ARGV[i + 6] == '3',
      own = not first[key]}
    first[key] = true
  end
  local made = false
  for _, d in ipairs(demands) do
    made = made or not (windows[d.key] or stored['w' .. d.key])
    window(d.key, d.length)
  end

  local known = get_record(id)
  local status, refused, retry, dry_over = 0, 0, 0, 0
  for i, d in ipairs(demands) do
    local w = windows[d.key]
    local room = max(d.limit - counted(w), 0)
    local never = d.least > d.limit
    d.granted, d.over = d.wanted, 0
    if not known then
      if d.clamp then d.granted = max(min(room, d.wanted), d.least) end
      if never or d.granted > room then d.over = 1 end
      if d.over == 1 and d.dry then
        dry_over, d.granted = 1, d.wanted
      elseif d.over == 1 and never then
        if status ~= 2 then status, refused, retry = 2, i - 1, 0 end
      elseif d.over == 1 then
        local missing, wait = counted(w) + d.granted - d.limit, HELD_RETRY
        if charged(w) >= missing then wait = until_free(w, missing) end
        if status == 0 or (status == 1 and wait > retry) then status, refused, retry = 1, i - 1, wait end
      end
    end
  end

  if status == 0 and not known then
    local record = {LIVE, 0, input, output}
    for _, d in ipairs(demands) do
      local n, kept = #record, d.granted
      if d.own and d.count == REQUESTS then
        charge(d.key, d.length, 1)
        kept = now
      elseif d.own then
        local w = windows[d.key]
        w[HELD] = add(w[HELD], d.granted)
        change(d.key)
      end
      if d.own then record[n + 1], record[n + 2], record[n + 3], record[n + 4] = d.key, d.length, d.count, kept end
    end
    put_record(id, record, now + lease)
    if made then look_for_stale() end
  end
  write(epoch)
  local reply = {status, refused, retry, epoch, dry_over}
  for _, d in ipairs(demands) do
    local w, n = windows[d.key], #reply
    reply[n + 1], reply[n + 2] = max(d.limit - counted(w), 0), until_empty(w)
    reply[n + 3], reply[n + 4] = d.granted, d.over
  end
  return reply
end

if op == 'progress' then
  local record, ahead = get_record(id), tonumber(ARGV[7])
  local granted = ahead
  if record and record[1] == LAPSED then revive(record) end
  if record and record[1] == LIVE then
    local limits = {}
    for i = 8, #ARGV, 3 do
      if not limits[ARGV[i]] then limits[ARGV[i]] = ARGV[i + 2] ~= '2' and ARGV[i + 2] ~= '3' and tonumber(ARGV[i + 1]) end
    end
    record[3], record[4] = input, output
    each_item(record, function(key, length, count, held, i)
      local w, used = window(key, length), amount(count)
      output = output + ahead
      local wanted = amount(count)
      output = output - ahead
      local room = limits[key] and max(limits[key] - counted(w), 0) or MAX
      local more = max(min(wanted - held, room), used - held, 0)
      if more > 0 then
        w[HELD] = add(w[HELD], more)
        record[i + 3] = add(held, more)
        change(key)
      end
      if count ~= 1 then granted = min(granted, max(record[i + 3] - used, 0)) end
    end)
    put_record(id, record, now + lease)
  end
  write(epoch)
  return {granted, epoch}
end

local record, back, done = get_record(id), op == 'release', 0
local lost = ARGV[7] and ARGV[7] ~= '0' and tonumber(ARGV[7]) ~= known_epoch
if record and record[1] ~= SETTLED then
  if record[1] == LIVE then charge_record(record) else correct_record(record) end
  if back then give_requests_back(record) end
  if lost then put_record(id, {SETTLED, now, 0, 0}, now + KEEP) else drop_record(id) end
  done = 1
elseif not record and (back or lost) then
  for i = 8, #ARGV, 3 do charge(ARGV[i], tonumber(ARGV[i + 1]), amount(tonumber(ARGV[i + 2]))) end
  put_record(id, {SETTLED, now, 0, 0}, now + KEEP)
  done = back and 0 or 2
end
write(epoch)
return {done, epoch}
)lua";

std::string_view quota_script() { return kScript; }

const std::string &quota_script_sha1() {
    static const std::string hex = [] {
        uint8_t digest[SHA_DIGEST_LENGTH];
        SHA1(reinterpret_cast<const unsigned char *>(kScript.data()), kScript.size(), digest);
        return hex_encode(std::span<const uint8_t>(digest));
    }();
    return hex;
}

}  // namespace aigw::limits
