-- The planets, by a symplectic integrator: floating point over tables with named fields.
local PI = 3.141592653589793
local SOLAR_MASS, DAYS = 4 * PI * PI, 365.24
local function body(x, y, z, vx, vy, vz, mass)
  return {
    x = x, y = y, z = z, mass = mass * SOLAR_MASS,
    vx = vx * DAYS, vy = vy * DAYS, vz = vz * DAYS,
  }
end
local bodies = {
  body(0, 0, 0, 0, 0, 0, 1),
  body(4.84, -1.16, -0.10, 0.00166, 0.0077, -0.000069, 0.00095),
  body(8.34, 4.12, -0.40, -0.0028, 0.005, 0.00023, 0.00029),
  body(12.89, -15.11, -0.22, 0.003, 0.0024, -0.00003, 0.000044),
  body(15.38, -25.92, 0.18, 0.0027, 0.0016, -0.000095, 0.000052),
}

local function advance(step)
  for i, one in ipairs(bodies) do
    for j = i + 1, #bodies do
      local other = bodies[j]
      local dx, dy, dz = one.x - other.x, one.y - other.y, one.z - other.z
      local square = dx * dx + dy * dy + dz * dz
      local magnitude = step / (square * square ^ 0.5)
      one.vx = one.vx - dx * other.mass * magnitude
      one.vy = one.vy - dy * other.mass * magnitude
      one.vz = one.vz - dz * other.mass * magnitude
      other.vx = other.vx + dx * one.mass * magnitude
      other.vy = other.vy + dy * one.mass * magnitude
      other.vz = other.vz + dz * one.mass * magnitude
    end
  end
  for _, one in ipairs(bodies) do
    one.x, one.y, one.z = one.x + step * one.vx, one.y + step * one.vy, one.z + step * one.vz
  end
end

for _ = 1, 100000 do advance(0.01) end
print(string.format('%.9f %.9f', bodies[1].x, bodies[5].z))
