-- Returns a conversation's newest posts, oldest first, each behind its id, and the number of the last change they include.
local seq, titles, order, posts, owners, grown = unpack(KEYS)
local chat, before, limit = unpack(ARGV)

local most = '+inf'
if before ~= '' then
  local score = redis.call('ZSCORE', order, before)
  if score then most = '(' .. score end
end
local found = redis.call('ZREVRANGEBYSCORE', order, most, '-inf', 'LIMIT', 0, limit + 1)
local more = #found > tonumber(limit)
local sealed = {}
for at = math.min(#found, tonumber(limit)), 1, -1 do
  table.insert(sealed, found[at])
  table.insert(sealed, redis.call('HGET', posts, found[at]) or '')
end
return {
  redis.call('GET', seq) or '0',
  redis.call('HGET', titles, chat) or '',
  more and 1 or 0,
  redis.call('HGET', owners, '') or '',
  redis.call('LRANGE', grown, 0, -1),
  sealed,
}
