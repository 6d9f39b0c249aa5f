-- What is kept of a workspace's observations in one shard, oldest first: name, time, record, and so on.
local scores, scored = unpack(KEYS)
age(scores, scored, ARGV[1], ARGV[2])
local found = {}
local kept = redis.call('ZRANGE', scored, 0, -1, 'WITHSCORES')
for at = 1, #kept, 2 do
  for _, part in ipairs({ kept[at], kept[at + 1], redis.call('HGET', scores, kept[at]) or '' }) do
    table.insert(found, part)
  end
end
return found
