-- Records one attempt at a model: good, late or failed.
-- KEYS[1] health. ARGV: model, now, 'ok' | 'late' | 'bad', why, seconds of cool-down (0: judge by failures
-- seen), good answers since the last report, the question ('' when the verdict needs no second one). Returns the
-- model's stored state, '' when there is none.
local WINDOW = 60         -- seconds in which failures are counted
local FEW = 3             -- failures in a row that are too many
local ENOUGH = 5          -- attempts in the window before their share of failures counts
local SHORTEST = 5        -- seconds of a first cool-down; each further one doubles
local LONGEST = 300
local KEPT = 86400        -- seconds without a report until the whole table is erased
local DOUBT = 900         -- seconds in which a second question confirms what a first one was told

local model, at, verdict, why = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local away, well, question = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local raw = redis.call('HGET', KEYS[1], model)
local kept = raw and cjson.decode(raw)
  or { state = 'up', since = at, till = 0, why = '', run = 0, level = 0, probe = 0, start = at, asked = 0, failed = 0 }

if at - kept.start > WINDOW then
  kept.start, kept.asked, kept.failed = at, 0, 0
end
kept.asked = kept.asked + well + 1

local function turn(state, till)
  if kept.state ~= state then kept.since = at end
  kept.state, kept.till, kept.why, kept.probe = state, till, why, 0
end

-- A verdict on the account may be one question's own fault: it counts once another question was told the same, and
-- nobody was answered in between.
local doubted = nil
if verdict == 'bad' and question ~= '' then
  local before = well == 0 and kept.doubted or {}
  doubted = { why = why, question = question, at = at }
  if before.why ~= why or before.question == question or at - before.at > DOUBT then
    verdict = 'doubted'
    kept.asked = kept.asked - 1
    kept.probe = 0        -- nothing was found out, so the next question may
  end
end
if doubted or verdict ~= 'bad' then kept.doubted = doubted end

if verdict == 'bad' then
  kept.run, kept.failed = kept.run + 1, kept.failed + 1
  local cooling = kept.state == 'down'
  local too_many = kept.run >= FEW or (kept.asked >= ENOUGH and kept.failed * 2 > kept.asked)
  if away > 0 then
    turn('down', at + away)
  elseif cooling and at < kept.till then
    kept.why = why        -- it was asked during its cool-down: no reason for a longer one
  elseif cooling or too_many then
    kept.level = kept.level + 1
    turn('down', at + math.min(LONGEST, SHORTEST * 2 ^ (kept.level - 1)))
  else
    turn('slow', at + WINDOW)
  end
elseif verdict ~= 'doubted' then
  local was_down = kept.state == 'down'
  kept.run = 0
  if verdict == 'late' then
    turn('slow', at + WINDOW)
  elseif was_down or kept.failed == 0 then
    redis.call('HDEL', KEYS[1], model)
    return ''
  end
end

local packed = cjson.encode(kept)
redis.call('HSET', KEYS[1], model, packed)
redis.call('EXPIRE', KEYS[1], KEPT)
return packed
