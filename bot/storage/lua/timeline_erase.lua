-- Erases a conversation and its changes; for a day nothing can be posted to it. With `before`, the posts above that
-- one, the title and the changes: the conversation goes on.
local seq, log, chats, titles, order, posts, owners, growing, gone, pictures = unpack(KEYS)
local chat, kept, day, before = unpack(ARGV)

local known
if before == '' then
  known = redis.call('ZREM', chats, chat)
  redis.call('DEL', order, posts, owners, growing, pictures)
  redis.call('SET', gone, '1', 'EX', day)
else
  local limit = redis.call('ZSCORE', order, before)
  if not limit then return 0 end
  known = 1
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', order, '-inf', '(' .. limit)) do
    ungrown(growing, id)
    redis.call('ZREM', order, id)
    redis.call('HDEL', posts, id)
    redis.call('HDEL', owners, id)
    for _, picture in ipairs(redis.call('HKEYS', pictures)) do
      if string.sub(picture, 1, #id + 1) == id .. '/' then redis.call('HDEL', pictures, picture) end
    end
  end
end
redis.call('HDEL', titles, chat)

-- The other changes are written anew, those of posts that stay too, as somebody may wait for them: a deleted entry's text would stay in the stream's memory and on the disk.
local others = redis.call('XRANGE', log, '-', '+')
redis.call('DEL', log)
for _, entry in ipairs(others) do
  local kind, of, id = entry[2][2], entry[2][4], entry[2][8]
  local stays = before ~= '' and kind == 'post' and redis.call('ZSCORE', order, id)
  if of ~= chat or stays then redis.call('XADD', log, entry[1], unpack(entry[2])) end
end
local how = before == '' and 'gone' or 'cleared'
redis.call('XADD', log, 'MAXLEN', '~', kept, redis.call('INCR', seq) .. '-0', 'k', how, 'c', chat, 'd', '', 'i', '')
redis.call('EXPIRE', log, day)
return known
