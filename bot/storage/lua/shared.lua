-- Put in front of every script. All keys of a call share one hash tag, so each script touches one slot.
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end

local function first(mail)
  local entry = redis.call('XRANGE', mail, '-', '+', 'COUNT', 1)[1]
  if not entry then return nil end
  return { id = entry[1], event = entry[2][2], author = entry[2][4], scopes = entry[2][6], message = entry[2][8] or '' }
end

-- A server whose memory is full refuses a script whose first write makes data grow, and lets the others run. What ends
-- a turn must be able to run then, or nothing would ever become free.
local function run_when_full(key)
  redis.call('HDEL', key, '-')
end

-- Whether this epoch still holds the claim: 'held', 'done' (it has ended the claim itself) or 'lost'.
local function standing(state, epoch)
  run_when_full(state)
  local known = redis.call('HMGET', state, 'epoch', 'done')
  if known[1] == epoch then return 'held' end
  if known[2] == epoch then return 'done' end
  return 'lost'
end

-- Erases the dead letters beyond `most`, and those older than `ttl` seconds.
local function age(dead, times, most, ttl)
  for _, ids in ipairs({
    redis.call('ZRANGEBYSCORE', times, '-inf', now() - ttl),
    redis.call('ZRANGE', times, 0, -tonumber(most) - 1),
  }) do
    for _, id in ipairs(ids) do
      redis.call('HDEL', dead, id, id .. ':e')
      redis.call('ZREM', times, id)
    end
  end
end
