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

-- The newest turns behind `skip` others, newest first: no more than `most` and about so many bytes, but one at least, and
-- one more, which shows what the oldest of them comes after.
local function newest(history, skip, most, bytes)
  skip, most, bytes = tonumber(skip), tonumber(most), tonumber(bytes)
  local found, size = {}, 0
  while true do
    local last = -(skip + #found) - 1
    local some = redis.call('LRANGE', history, last - 7, last)
    for at = #some, 1, -1 do
      local enough = #found >= most or (#found > 0 and size >= bytes)
      table.insert(found, some[at])
      if enough then return found end
      size = size + #some[at]
    end
    if #some < 8 then return found end
  end
end

-- Where a history stands: when its lineage began (it does whenever a stored turn is changed), and how many turns have been
-- added since. It holds as long as no claim has ended since that was written: other versions write without it.
local function grown(state)
  local known = redis.call('HMGET', state, 'grown', 'done')
  local lineage, count, at = string.match(known[1] or '', '^(%d+) (%d+) (%d+)$')
  if lineage and at == known[2] then return lineage, tonumber(count) end
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

-- Erases the observations whose names end so: all of one person's. Returns how many.
local function unobserve(scores, scored, ending)
  local gone = 0
  for _, name in ipairs(redis.call('ZRANGE', scored, 0, -1)) do
    if string.sub(name, -#ending) == ending then
      redis.call('HDEL', scores, name)
      gone = gone + redis.call('ZREM', scored, name)
    end
  end
  return gone
end

-- Lets go of what a growing post had grown. `growing` holds, of each, how many growths it has by its id, and each growth by
-- the id and its number.
local function ungrown(growing, id)
  for number = 1, tonumber(redis.call('HGET', growing, id) or '0') do
    redis.call('HDEL', growing, id .. ' ' .. number)
  end
  redis.call('HDEL', growing, id)
end
