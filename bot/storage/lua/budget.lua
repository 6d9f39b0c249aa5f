-- Money: takes bills, then reserves for all expenses, or for none and says which sum is full.
-- KEYS: reservations by id, their ids by the time they run out, usual lengths by model, then sums by period.
-- ARGV[1]: JSON of now, bills, expenses, quote (say what they would cost and reserve nothing), periods (name
-- -> index in KEYS, lifetime). Money is in whole millionths of a dollar, so that sums stay exact.
-- Fields of a sum: s:<total> spent, r:<total> reserved, w:<total>:<usd> somebody was warned.
local SETTLED = 200       -- answers after which a model's usual length follows the newest ones only
local KEPT = 5356800      -- seconds without an answer until all usual lengths are forgotten: 62 days
local held, due, usual = KEYS[1], KEYS[2], KEYS[3]
local c = cjson.decode(ARGV[1])

local function sum_of(ceiling)
  local period = c.periods[ceiling.named]
  if period then return KEYS[period[1]], period[2] end
end

local function add(ceilings, kind, amount)
  for _, ceiling in ipairs(ceilings) do
    local sum, lasts = sum_of(ceiling)
    if sum and amount ~= 0 then
      redis.call('HINCRBY', sum, kind .. ceiling.total, string.format('%.0f', amount))
      redis.call('EXPIRE', sum, lasts)
    end
  end
end

local function used(ceiling)
  local sum = sum_of(ceiling)
  if not sum then return 0, 0 end
  local known = redis.call('HMGET', sum, 's:' .. ceiling.total, 'r:' .. ceiling.total)
  return tonumber(known[1] or 0), tonumber(known[2] or 0)
end

local function find(id)
  local raw = redis.call('HGET', held, id)
  return raw and cjson.decode(raw)
end

local function store(id, item, seconds)
  redis.call('HSET', held, id, cjson.encode(item))
  redis.call('ZADD', due, string.format('%.3f', c.now + seconds), id)
end

-- What nobody has settled in time goes back: its worker died.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', c.now, 'LIMIT', 0, 1000)) do
  local item = find(id)
  if item and item.open then add(item.ceilings, 'r:', -item.cost) end
  redis.call('HDEL', held, id)
  redis.call('ZREM', due, id)
end

local function learn(model, written)
  local known = redis.call('HMGET', usual, 'n:' .. model, 'm:' .. model)
  local seen, mean = tonumber(known[1] or 0) + 1, tonumber(known[2] or 0)
  mean = mean + (written - mean) / math.min(seen, SETTLED)
  redis.call('HSET', usual, 'n:' .. model, seen, 'm:' .. model, string.format('%.3f', mean))
  redis.call('EXPIRE', usual, KEPT)
end

for _, bill in ipairs(c.bills) do
  local item = find(bill.id)
  if not (item and item.token == bill.token) then -- else it was taken before, and the answer was lost
    local ceilings = bill.ceilings
    if item and item.open then
      add(item.ceilings, 'r:', -item.cost)
      ceilings = item.ceilings
    end
    add(ceilings, 's:', bill.cost)
    store(bill.id, { token = bill.token, open = false }, bill.seconds)
    if bill.written then learn(bill.model, bill.written) end
  end
end

local function expected(expense)
  local mean = tonumber(redis.call('HGET', usual, 'm:' .. expense.model) or expense.guess)
  return math.ceil(expense.prompt + expense.per_token * math.min(mean, expense.most) - 0.000001)
end

-- One answer may use a whole budget that nobody has touched: else a small one could never be used.
-- `promised`: to this call's earlier expenses. `own`: what this one has reserved already.
local function fits(ceiling, more, promised, own)
  local spent, reserved = used(ceiling)
  reserved = reserved + promised
  local free = spent + reserved + more <= ceiling.usd or (spent + reserved == own and ceiling.usd > 0)
  return free, spent, reserved
end

local costs = {}
if c.quote then
  local room = {}
  for i, expense in ipairs(c.expenses) do
    costs[i], room[i] = expected(expense), true
    for _, ceiling in ipairs(expense.ceilings) do room[i] = room[i] and fits(ceiling, costs[i], 0, 0) end
  end
  return cjson.encode({ costs = costs, room = room })
end

local promised, plans = {}, {}
for i, expense in ipairs(c.expenses) do
  local item = find(expense.id)
  local plan = { cost = expected(expense), prompt = expense.prompt, ceilings = expense.ceilings, open = true }
  local more, own = plan.cost, 0
  if item and item.open then -- of an earlier attempt, or before the prompt was whole
    own, more = item.cost, math.ceil(math.max(0, expense.prompt - item.prompt))
    plan.cost, plan.prompt, plan.ceilings = item.cost + more, math.max(expense.prompt, item.prompt), item.ceilings
  end
  plan.token = item and item.token
  costs[i], plans[i] = plan.cost, plan
  for at, ceiling in ipairs(plan.ceilings) do
    local name = ceiling.named .. ceiling.total
    local free, spent, reserved = true, 0, 0
    if more > 0 then free, spent, reserved = fits(ceiling, more, promised[name] or 0, own) end
    if not free then
      return cjson.encode({ full = { expense = i, ceiling = at, cost = more, spent = spent, reserved = reserved } })
    end
    promised[name] = (promised[name] or 0) + more
  end
  plan.more = more
end

local near = {}
for i, expense in ipairs(c.expenses) do
  local plan = plans[i]
  add(plan.ceilings, 'r:', plan.more)
  plan.more = nil
  store(expense.id, plan, expense.seconds)
  for at, ceiling in ipairs(plan.ceilings) do
    local spent, reserved = used(ceiling)
    local sum = sum_of(ceiling)
    local mark = 'w:' .. ceiling.total .. ':' .. ceiling.usd
    if sum and ceiling.usd > 0 and spent + reserved >= ceiling.warn and redis.call('HSETNX', sum, mark, 1) == 1 then
      near[#near + 1] = { expense = i, ceiling = at, used = spent + reserved }
    end
  end
end
return cjson.encode({ costs = costs, near = near })
