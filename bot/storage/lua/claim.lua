-- Claims the first event under a new epoch, the fencing token. A repeated call with the same nonce (its
-- answer was lost) gets the same claim.
local state, mail, turn, history, ready, counter = unpack(KEYS)
local conversation, entry, consumer, nonce, ttl = unpack(ARGV)

local known = redis.call('HMGET', state, 'sched', 'epoch', 'nonce', 'choice')
if known[1] ~= entry then
  redis.call('XACK', ready, GROUP, entry)
  redis.call('XDEL', ready, entry)
  return false
end
local owner = redis.call('XPENDING', ready, GROUP, entry, entry, 1)[1]
if not owner or owner[2] ~= consumer then return false end

local mine = first(mail)
if not mine then
  hand_in(state, ready, entry, known[2] or '')
  schedule(state, mail, ready, conversation, ttl)
  return false
end

local epoch = known[2]
if known[3] ~= nonce then
  if redis.call('HGET', turn, 'mail') ~= mine.id then
    epoch = redis.call('INCR', counter)
    local id = string.sub(redis.sha1hex(conversation .. ' ' .. mine.id .. ' ' .. epoch), 1, 32)
    redis.call('DEL', turn)
    redis.call('HSET', turn, 'mail', mine.id, 'id', id, 'author', mine.author, 'started', now())
  else
    if epoch then redis.call('HINCRBY', turn, 'crashes', 1) end -- its worker died without ending the claim
    epoch = redis.call('INCR', counter)
  end
  redis.call('HINCRBY', turn, 'attempt', 1)
  redis.call('HSET', state, 'epoch', epoch, 'nonce', nonce)
end
redis.call('XCLAIM', ready, GROUP, consumer, 0, entry, 'JUSTID') -- the lease starts now
return {
  tostring(epoch), mine.id, mine.event, redis.call('HGETALL', turn), redis.call('LRANGE', history, 0, -1),
  known[4] or '', redis.call('XLEN', mail) - 1
}
