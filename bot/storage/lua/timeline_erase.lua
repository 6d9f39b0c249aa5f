-- Erases a conversation and its changes; for a day nothing can be posted to it.
local seq, log, chats, titles, order, posts, owners, grown, gone = unpack(KEYS)
local chat, kept, day = unpack(ARGV)

local known = redis.call('ZREM', chats, chat)
redis.call('HDEL', titles, chat)
redis.call('DEL', order, posts, owners, grown)
redis.call('SET', gone, '1', 'EX', day)
for _, entry in ipairs(redis.call('XRANGE', log, '-', '+')) do
  if entry[2][4] == chat then redis.call('XDEL', log, entry[1]) end
end
redis.call('XADD', log, 'MAXLEN', '~', kept, redis.call('INCR', seq) .. '-0', 'k', 'gone', 'c', chat, 'd', '')
redis.call('EXPIRE', log, day)
return known
