-- Put in front of every script. All keys of a call share one hash tag, so each script touches one slot.
local GROUP = 'w'

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function first(mail)
  local entry = redis.call('XRANGE', mail, '-', '+', 'COUNT', 1)[1]
  if not entry then return nil end
  return { id = entry[1], event = entry[2][2], author = entry[2][4], scopes = entry[2][6] }
end

-- A conversation with mail has exactly one queue entry; `sched` is its id ('delayed' while it waits in the
-- delay set). Call this only when it has none. An idle conversation is erased after `ttl` seconds.
local function schedule(state, mail, ready, conversation, ttl)
  local waiting = first(mail)
  if waiting then
    local entry = redis.call('XADD', ready, '*', 'c', conversation, 's', waiting.scopes)
    redis.call('HSET', state, 'sched', entry)
    redis.call('PERSIST', state)
  else
    redis.call('DEL', mail)
    redis.call('HDEL', state, 'sched', 'told')
    redis.call('EXPIRE', state, ttl)
  end
end

-- Whether this epoch still holds the claim: 'held', 'done' (it has ended the claim itself) or 'lost'.
local function standing(state, epoch)
  local known = redis.call('HMGET', state, 'epoch', 'done')
  if known[1] == epoch then return 'held' end
  if known[2] == epoch then return 'done' end
  return 'lost'
end

-- Ends a claim. XACK comes first: Redis 6.2 mishandles pending entries that were deleted.
local function hand_in(state, ready, entry, epoch)
  redis.call('HDEL', state, 'epoch', 'nonce', 'sched')
  redis.call('HSET', state, 'done', epoch)
  redis.call('XACK', ready, GROUP, entry)
  redis.call('XDEL', ready, entry)
end
