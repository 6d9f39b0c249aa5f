-- Asks for the right to be the one question that probes a model whose cool-down is over.
-- KEYS[1] health. ARGV: model, now, seconds the right lasts. Returns 1 when it is granted or nothing is wrong.
local raw = redis.call('HGET', KEYS[1], ARGV[1])
if not raw then return 1 end
local kept, at = cjson.decode(raw), tonumber(ARGV[2])
if kept.state ~= 'down' then return 1 end
if at < kept.till or at < kept.probe then return 0 end
kept.probe = at + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(kept))
return 1
