-- Stores an event: dedupe, mailbox and queue entry in one step. A stop takes effect at once, never queued.
local dedupe, state, mail, turn, delay, index = unpack(KEYS, 7)
local _, mode, conversation, event, author, scopes, wanted, place, message, bound, dedupe_ttl, quiet, ttl = unpack(ARGV)

-- Ends the question that a deleted message asked, in hand or waiting.
local function withdraw()
  local running, asked = unpack(redis.call('HMGET', turn, 'id', 'message'))
  if running and asked == message then
    redis.call('HSET', turn, 'stop', 1, 'withdrawn', 1)
    ring(conversation .. ' ' .. running)
    redis.call('ZADD', delay, 'XX', 0, conversation)
    return
  end
  for _, entry in ipairs(redis.call('XRANGE', mail, '-', '+')) do
    if entry[2][8] == message then redis.call('HSET', state, 'withdrawn:' .. message, 1) end
  end
end

local unused = mode == 'probe' and redis.call('EXISTS', DESK, COUNTER) == 0
local seen = redis.call('GET', dedupe)
if seen == 'taken' or (seen and mode ~= 'message' and mode ~= 'stop word') then
  -- A write, so that the WAIT that follows covers what the first delivery wrote: it waits for nothing older.
  redis.call('EXPIRE', dedupe, dedupe_ttl)
  return 'duplicate'
end

if mode == 'stop' or mode == 'stop word' or mode == 'stop word overheard' then
  local running, asker = unpack(redis.call('HMGET', turn, 'id', 'author'))
  local may = author == '' or asker == '' or author == asker
  if running and (wanted == '' or wanted == running) and (may or mode ~= 'stop word overheard') then
    if not may then return 'refused' end
    redis.call('HSET', turn, 'stop', 1)
    ring(conversation .. ' ' .. running)
    redis.call('ZADD', delay, 'XX', 0, conversation)
    if mode ~= 'stop' then redis.call('SET', dedupe, 'taken', 'EX', dedupe_ttl) end
    return 'stopping'
  end
  if mode == 'stop' then return 'idle' end
end

local sched, joined = unpack(redis.call('HMGET', state, 'sched', 'joined'))
local overheard = mode == 'overheard' or mode == 'stop word overheard'
local change = mode == 'change' or mode == 'delete'
if (overheard or change) and not joined and not sched then
  -- Not "taken": the same message may come a second time, addressed to the bot.
  redis.call('SET', dedupe, 'ignored', 'EX', dedupe_ttl)
  return 'ignored'
end

if mode == 'delete' and message ~= '' then withdraw() end

if redis.call('XLEN', mail) >= tonumber(bound) then
  local told = tonumber(redis.call('HGET', state, 'told') or 0)
  if now() - told < tonumber(quiet) then return 'full_quiet' end
  redis.call('HSET', state, 'told', now())
  return 'full'
end

-- The event is sealed to its place. Another writer's clock may be ahead: then it has to be sealed to a later one.
local added = redis.pcall('XADD', mail, place, 'e', event, 'a', author, 's', scopes, 'm', change and '' or message)
if type(added) == 'table' then
  if not string.find(added.err, 'equal or smaller') then return added end
  local about = redis.call('XINFO', 'STREAM', mail)
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then return 'behind ' .. about[i + 1] end
  end
end
-- What was only overheard may come again, addressed to the bot: people add a mention to what they wrote.
redis.call('SET', dedupe, overheard and 'overheard' or 'taken', 'EX', dedupe_ttl)
if not sched then schedule(state, mail, turn, conversation, ttl) end
redis.call('ZADD', index, math.floor(now()), conversation)
if mode == 'probe' then -- Everything was possible; no worker has seen it, and nothing of it stays.
  unqueue(conversation, redis.call('HGET', state, 'sched'))
  put_away(conversation)
  redis.call('DEL', dedupe, state, mail)
  redis.call('ZREM', index, conversation)
  if unused then redis.call('DEL', DESK, COUNTER) end
end
return 'accepted'
