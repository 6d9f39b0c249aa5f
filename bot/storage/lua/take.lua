-- A token bucket by the server's clock: 0 when a token was taken, else the seconds until there is one.
local bucket = KEYS[1]
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = now()
local known = redis.call('HMGET', bucket, 'tokens', 'at')
local tokens = math.min(burst, (tonumber(known[1]) or burst) + (time - (tonumber(known[2]) or time)) * rate)
local wait = 0
if tokens >= 1 then
  tokens = tokens - 1
else
  wait = (1 - tokens) / rate
end
redis.call('HSET', bucket, 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', time))
redis.call('EXPIRE', bucket, math.ceil(burst / rate) + 1)
return string.format('%.3f', wait)
