-- Claims the first event under a new epoch, the fencing token. A repeated call with the same nonce (its
-- answer was lost) gets the same claim. It brings the newest turns, as many as the worker wants; of a history that only
-- grew since the worker had it in hand last (`lineage`, `count`, `mark`), the new ones alone.
local state, mail, turn, history, erased = unpack(KEYS, 7)
local _, conversation, entry, worker, nonce, lease, ttl, lineage, seen, mark, most, bytes = unpack(ARGV)
local FEW = 50 -- new turns; beyond that, the worker begins anew

run_when_full(state)
local chosen = redis.call('HMGET', state, 'sched', 'epoch', 'nonce', 'choice', 'effort', 'tools')
if redis.call('HGET', DESK, 'w:' .. conversation) ~= worker .. ' ' .. entry then return false end
if chosen[1] ~= entry then
  put_away(conversation) -- its state was erased while it was in hand
  return false
end

local mine = first(mail)
if not mine then
  redis.call('DEL', turn) -- of a conversation that was erased while its worker died
  hand_in(state, conversation, chosen[2] or '')
  schedule(state, mail, turn, conversation, ttl)
  return false
end

local epoch = chosen[2]
if chosen[3] ~= nonce then
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

local length = redis.call('LLEN', history)
local born, total = grown(state)
local new = born == lineage and length > 0 and total - tonumber(seen)
local known = new and new >= 0 and new <= FEW and new < length
  and redis.sha1hex(redis.call('LINDEX', history, -new - 1)) == mark
local turns = {}
if known then
  turns = new > 0 and redis.call('LRANGE', history, -new, -1) or {}
elseif tonumber(most) >= 0 then
  turns = newest(history, 0, most, bytes)
end
return {
  tostring(epoch), mine.id, mine.event, redis.call('HGETALL', turn), turns, known and 1 or 0, length,
  chosen[4] or '', redis.call('XLEN', mail) - 1, redis.call('HGET', DESK, 'life'),
  redis.call('ZSCORE', erased, conversation) or '', chosen[5] or '', chosen[6] or ''
}
