-- Returns a conversation's newest posts, oldest first, each behind its id, and the number of the last change they include.
local seq, titles, order, posts, growing = unpack(KEYS)
local chat, before, limit = unpack(ARGV)

local most = '+inf'
if before ~= '' then
  local score = redis.call('ZSCORE', order, before)
  if score then most = '(' .. score end
end
local found = redis.call('ZREVRANGEBYSCORE', order, most, '-inf', 'LIMIT', 0, limit + 1)
local more = #found > tonumber(limit)
local sealed, growths = {}, {}
for at = math.min(#found, tonumber(limit)), 1, -1 do
  table.insert(sealed, found[at])
  table.insert(sealed, redis.call('HGET', posts, found[at]) or '')
  local count = redis.call('HGET', growing, found[at])
  if count then
    local grown = { found[at] }
    for number = 1, tonumber(count) do
      table.insert(grown, redis.call('HGET', growing, found[at] .. ' ' .. number) or '')
    end
    table.insert(growths, grown)
  end
end
return {
  redis.call('GET', seq) or '0',
  redis.call('HGET', titles, chat) or '',
  more and 1 or 0,
  growths,
  sealed,
}
