-- Who is served next: workspaces take turns, in each its people take turns, and each person's conversations come in
-- order. Put in front of every script. One that uses it has the shard's keys first, and the publish command as its
-- first argument. Ids of workspaces and people come from outside, so they are hashed: a name cannot contain the colons
-- that the members of the sorted sets are made of.
local LINE, PEOPLE, QUEUE, LEASES, DESK, COUNTER = unpack(KEYS, 1, 6)
local PUBLISH = ARGV[1]

-- Never the same number twice, also where a lost COUNTER begins anew or an older one has come back: so it follows the
-- clock, in steps of 0.1 ms. Lua prints 14 digits of a number, which is what these have.
local function count()
  local next, time = redis.call('INCR', COUNTER), math.floor(now() * 10000)
  if next >= time then return next end
  redis.call('SET', COUNTER, string.format('%.0f', time))
  return time
end

local function number()
  return string.format('%016.0f', count())
end

local function short(name)
  return string.sub(redis.sha1hex(name), 1, 16)
end

-- Who waits: a workspace, and a person of it in one lane. A person's quick events do not wait for their questions.
-- What cannot be read is nobody's: one entry must not keep a worker from all others.
local function asker_of(scopes)
  local readable, asker = pcall(cjson.decode, scopes)
  if not readable or type(asker) ~= 'table' then asker = {} end
  local function part(at) return type(asker[at]) == 'string' and asker[at] or '' end
  return short(part(1)), short(part(3) .. ' ' .. part(4))
end

-- The first of a sorted set's members that begin with `start` and a colon, after `skipped` of them.
local function beginning(set, start, skipped)
  return redis.call('ZRANGEBYLEX', set, '[' .. start .. ':', '(' .. start .. ';', 'LIMIT', skipped or 0, 1)[1]
end

local function ring(message)
  redis.call(PUBLISH, DESK .. ':bell', message)
end

-- Gives a person at the end of the line a place, unless they have one.
local function stand_in_line(workspace, person)
  local place = 'p:' .. workspace .. ':' .. person
  if redis.call('HEXISTS', DESK, place) == 1 then return end
  local at = number()
  redis.call('HSET', DESK, place, at)
  redis.call('ZADD', PEOPLE, 0, workspace .. ':' .. at .. ':' .. person)
  redis.call('ZADD', LINE, 'NX', at, workspace)
  ring('')
end

-- Takes a person's place away.
local function leave_line(workspace, person)
  local place = 'p:' .. workspace .. ':' .. person
  local at = redis.call('HGET', DESK, place)
  if not at then return end
  redis.call('HDEL', DESK, place)
  redis.call('ZREM', PEOPLE, workspace .. ':' .. at .. ':' .. person)
  if not beginning(PEOPLE, workspace) then redis.call('ZREM', LINE, workspace) end
end

-- Queues a conversation for whoever asks in it, and returns its number.
local function enqueue(conversation, scopes)
  local workspace, person = asker_of(scopes)
  local at = number()
  redis.call('HSETNX', DESK, 'life', short(conversation .. at .. now()))
  redis.call('HSET', DESK, 'a:' .. conversation, scopes)
  redis.call('ZADD', QUEUE, 0, table.concat({ workspace, person, at, conversation }, ':'))
  stand_in_line(workspace, person)
  return at
end

-- Forgets who asks in a conversation that is neither queued nor in hand any more. What waits of a person who had
-- too many in hand is served again.
local function put_away(conversation)
  local scopes = redis.call('HGET', DESK, 'a:' .. conversation)
  local held = redis.call('HDEL', DESK, 'w:' .. conversation)
  redis.call('HDEL', DESK, 'a:' .. conversation)
  redis.call('ZREM', LEASES, conversation)
  if not scopes or held == 0 then return end
  local workspace, person = asker_of(scopes)
  local who = workspace .. ':' .. person
  if redis.call('HINCRBY', DESK, 'r:' .. who, -1) < 1 then redis.call('HDEL', DESK, 'r:' .. who) end
  if beginning(QUEUE, who) then stand_in_line(workspace, person) end
end

-- Takes a queued conversation out of the queue.
local function unqueue(conversation, at)
  local scopes = redis.call('HGET', DESK, 'a:' .. conversation)
  if not scopes then return end
  local workspace, person = asker_of(scopes)
  redis.call('ZREM', QUEUE, table.concat({ workspace, person, at, conversation }, ':'))
  if not beginning(QUEUE, workspace .. ':' .. person) then leave_line(workspace, person) end
end

-- Counts a conversation among those its asker has in hand.
local function take_in_hand(conversation, scopes)
  local workspace, person = asker_of(scopes)
  redis.call('HSET', DESK, 'a:' .. conversation, scopes)
  redis.call('HINCRBY', DESK, 'r:' .. workspace .. ':' .. person, 1)
end

-- Hands a conversation to a worker, under a lease of so many milliseconds.
local function hand_over(conversation, worker, at, lease)
  redis.call('HSET', DESK, 'w:' .. conversation, worker .. ' ' .. at)
  redis.call('ZADD', LEASES, math.floor(now() * 1000) + lease, conversation)
end
