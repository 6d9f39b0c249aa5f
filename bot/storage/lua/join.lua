-- Creates the group of workers, and removes members that are long gone and hold no entry.
local ready, longest = KEYS[1], tonumber(ARGV[1])

redis.pcall('XGROUP', 'CREATE', ready, GROUP, '0', 'MKSTREAM')
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', ready, GROUP)) do
  local about = {}
  for i = 1, #consumer, 2 do about[consumer[i]] = consumer[i + 1] end
  if about.pending == 0 and about.idle > longest then
    redis.call('XGROUP', 'DELCONSUMER', ready, GROUP, about.name)
  end
end
return 'ok'
