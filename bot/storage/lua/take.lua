-- A token bucket by the server's clock: 0 when the tokens were taken, else the seconds until there are enough.
local bucket = KEYS[1]
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local time = now()
local known = redis.call('HMGET', bucket, 'tokens', 'at')
local tokens = math.min(burst, (tonumber(known[1]) or burst) + (time - (tonumber(known[2]) or time)) * rate)
local wait = 0
if tokens >= wanted then
  tokens = tokens - wanted
else
  wait = (wanted - tokens) / rate
end
redis.call('HSET', bucket, 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', time))
redis.call('EXPIRE', bucket, math.ceil(burst / rate) + 1)
return string.format('%.3f', wait)
