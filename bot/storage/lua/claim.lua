-- Claims the first event under a new epoch, the fencing token. A repeated call with the same nonce (its
-- answer was lost) gets the same claim.
local state, mail, turn, history, erased = unpack(KEYS, 7)
local _, conversation, entry, worker, nonce, lease, ttl = unpack(ARGV)

run_when_full(state)
local known = redis.call('HMGET', state, 'sched', 'epoch', 'nonce', 'choice', 'effort')
if redis.call('HGET', DESK, 'w:' .. conversation) ~= worker .. ' ' .. entry then return false end
if known[1] ~= entry then
  put_away(conversation) -- its state was erased while it was in hand
  return false
end

local mine = first(mail)
if not mine then
  redis.call('DEL', turn) -- of a conversation that was erased while its worker died
  hand_in(state, conversation, known[2] or '')
  schedule(state, mail, turn, conversation, ttl)
  return false
end

local epoch = known[2]
if known[3] ~= nonce then
  if redis.call('HGET', turn, 'mail') ~= mine.id then
    epoch = count()
    local id = string.sub(redis.sha1hex(conversation .. ' ' .. mine.id .. ' ' .. epoch), 1, 32)
    redis.call('DEL', turn)
    redis.call('HSET', turn, 'mail', mine.id, 'id', id, 'author', mine.author, 'message', mine.message, 'started', now())
    if redis.call('HDEL', state, 'withdrawn:' .. mine.message) == 1 then redis.call('HSET', turn, 'withdrawn', 1) end
  else
    if epoch then redis.call('HINCRBY', turn, 'crashes', 1) end -- its worker died without ending the claim
    epoch = count()
  end
  redis.call('HINCRBY', turn, 'attempt', 1)
  redis.call('HSET', state, 'epoch', epoch, 'nonce', nonce)
end
hand_over(conversation, worker, entry, tonumber(lease)) -- the lease starts now
return {
  tostring(epoch), mine.id, mine.event, redis.call('HGETALL', turn), redis.call('LRANGE', history, 0, -1),
  known[4] or '', redis.call('XLEN', mail) - 1, redis.call('HGET', DESK, 'life'),
  redis.call('ZSCORE', erased, conversation) or '', known[5] or ''
}
