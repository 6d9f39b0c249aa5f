-- Writes a claim anew that Redis has lost together with its data. Returns 'held' when it is in force (again), 'done' when
-- it has ended, 'lost' when another worker has it, 'busy' when others are at work in the conversation and know nothing of it.
--
-- Data is lost in two ways. All of it: then the desk has another life. Or what was written last, as a replica that had not
-- got it became the master: then the event is still first in the mailbox, and no later claim is known.
local state, mail, turn, history, delay = unpack(KEYS, 7)
local _, packed, event, scopes, record = unpack(ARGV)
local c = cjson.decode(packed)

local function standing_as(how)
  return { how, redis.call('LINDEX', history, -1) or nil }
end

-- Whether an entry's id comes before another's.
local function before(one, other)
  local ms, n = string.match(one, '(%d+)-(%d+)')
  local their_ms, their_n = string.match(other, '(%d+)-(%d+)')
  return tonumber(ms) < tonumber(their_ms) or ms == their_ms and tonumber(n) < tonumber(their_n)
end

local known = redis.call('HMGET', state, 'epoch', 'done', 'sched', 'restored')
if known[1] == c.epoch then return standing_as('held') end
if known[2] == c.epoch then return standing_as('done') end
-- What was restored once is known here again, and others may have taken it over since.
local all = redis.call('HGET', DESK, 'life') ~= c.life and known[4] ~= c.epoch
if all then
  if known[1] then return standing_as('busy') end
else
  local waiting = first(mail)
  local newest = math.max(tonumber(known[1]) or 0, tonumber(known[2]) or 0)
  if newest > tonumber(c.epoch) or not waiting or waiting.id ~= c.mail then return standing_as('lost') end
end

if all then
  -- Events are sealed to their entries, so that all of them keep their ids.
  local others = redis.call('XRANGE', mail, '-', '+')
  if others[1] and not before(c.mail, others[1][1]) then return standing_as('busy') end
  redis.call('DEL', mail)
  redis.call('XADD', mail, c.mail, 'e', event, 'a', c.author, 's', scopes, 'm', c.message)
  for _, other in ipairs(others) do redis.call('XADD', mail, other[1], unpack(other[2])) end
  if redis.call('EXISTS', history) == 0 and #ARGV > 5 then
    redis.call('RPUSH', history, unpack(ARGV, 6))
    redis.call('EXPIRE', history, c.ttl)
  end
  if c.choice ~= '' then redis.call('HSET', state, 'choice', c.choice) end
  if c.effort ~= '' then redis.call('HSET', state, 'effort', c.effort) end
  if (c.tools or '') ~= '' then redis.call('HSET', state, 'tools', c.tools) end
  redis.call('HSETNX', DESK, 'life', c.nonce)
end

if known[3] then unqueue(c.conversation, known[3]) end
redis.call('ZREM', delay, c.conversation)
put_away(c.conversation)
take_in_hand(c.conversation, scopes)
hand_over(c.conversation, c.worker, c.entry, c.lease)
if tonumber(redis.call('GET', COUNTER) or 0) < tonumber(c.epoch) then redis.call('SET', COUNTER, c.epoch) end
redis.call('HSET', state, 'sched', c.entry, 'epoch', c.epoch, 'nonce', c.nonce, 'restored', c.epoch)
redis.call('PERSIST', state)
redis.call('DEL', turn)
redis.call('HSET', turn, 'mail', c.mail, 'author', c.author, 'message', c.message, 'record', record)
for field, value in pairs(c.turn) do redis.call('HSET', turn, field, value) end
return standing_as('held')
