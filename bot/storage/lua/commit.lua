-- Commits history, usage, mailbox and acknowledgement in one step, so that they always agree.
local state, mail, turn, history, index, recent, members, erased, scores, scored, left = unpack(KEYS, 7)
local c = cjson.decode(ARGV[2])
local first_turn = 3 + #c.observed -- sealed observations come before the turns

local how = standing(state, c.epoch)
if how == 'lost' and c.forget and redis.call('EXISTS', state) == 0 then
  -- All of it is erased: by this same call, whose answer was lost, or with the whole workspace.
  put_away(c.conversation)
  return 'done'
end
if how ~= 'held' then return how end

local kept, known = false, how
if redis.call('XDEL', mail, c.mail) == 1 then
  kept = not c.forget -- and not where the conversation was erased meanwhile, its mailbox too
end
if kept then
  local lineage, count = grown(state)
  if c.cut < 0 then redis.call('DEL', history) end
  if c.cut > 0 then redis.call('LTRIM', history, 0, -c.cut - 1) end
  for i = first_turn, #ARGV do redis.call('RPUSH', history, ARGV[i]) end
  local length = redis.call('LLEN', history)
  if not lineage or c.cut ~= 0 then lineage, count = c.epoch, length else count = count + #ARGV - first_turn + 1 end
  if length > c.most then
    redis.call('LTRIM', history, -c.keep, -1)
    length = c.keep
  end
  local stands = lineage .. ' ' .. string.format('%.0f', count)
  redis.call('HSET', state, 'grown', stands .. ' ' .. c.epoch)
  known = 'kept ' .. stands .. ' ' .. length
  redis.call('EXPIRE', history, c.ttl)
  for _, field in ipairs({ 'choice', 'effort', 'tools' }) do
    if c[field] == '' then redis.call('HDEL', state, field) end
    if c[field] and c[field] ~= '' then redis.call('HSET', state, field, c[field]) end
  end
  if c.join then redis.call('HSET', state, 'joined', 1) end
end
for position, lasts in ipairs(c.tallies) do
  local tally = KEYS[17 + position]
  for field, amount in pairs(c.spent) do redis.call('HINCRBY', tally, field, amount) end
  redis.call('EXPIRE', tally, lasts)
end
if c.person ~= '' then
  redis.call('SADD', members, c.person)
  redis.call('EXPIRE', members, c.people_ttl)
  if kept and c.thread ~= '' then
    redis.call('ZADD', recent, now(), c.thread)
    redis.call('ZREMRANGEBYRANK', recent, 0, -c.recent_most - 1)
    redis.call('EXPIRE', recent, c.ttl)
  end
end
if c.unobserved ~= '' then unobserve(scores, scored, c.unobserved) end
for position, one in ipairs(c.observed) do
  if redis.call('SISMEMBER', left, one.person) == 0 then
    redis.call('HSET', scores, one.id, ARGV[2 + position])
    redis.call('ZADD', scored, now(), one.id)
    redis.call('EXPIRE', scores, c.observed_ttl)
    redis.call('EXPIRE', scored, c.observed_ttl)
  end
end
if #c.observed > 0 then age(scores, scored, c.observed_most, c.observed_ttl) end
if c.unread then
  redis.call('ZADD', erased, now(), c.conversation)
  redis.call('ZREMRANGEBYSCORE', erased, 0, now() - c.people_ttl)
  redis.call('EXPIRE', erased, c.people_ttl)
end
redis.call('DEL', turn)
hand_in(state, c.conversation, c.epoch)
schedule(state, mail, turn, c.conversation, c.ttl)
if kept then
  redis.call('ZADD', index, math.floor(now()), c.conversation)
else
  redis.call('DEL', history)
  redis.call('HDEL', state, 'choice', 'effort', 'tools', 'joined', 'told', 'grown')
  if redis.call('EXISTS', mail) == 0 then
    redis.call('DEL', state)
    redis.call('ZREM', index, c.conversation)
  end
end
redis.call('ZREMRANGEBYSCORE', index, 0, now() - c.ttl)
return known
