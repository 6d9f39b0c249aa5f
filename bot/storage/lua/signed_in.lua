-- Puts a renewed sign-in in its old one's place, "" for nothing. 0 when that is gone or another has come.
-- KEYS: the person's sign-ins, the workspace's people with any. ARGV: server, old, new, seconds.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return 1
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
