# frozen_string_literal: true

require 'json'

# The suite's files, and a scenario's words in this language's.
module Suite
  # What this runner was written for.
  NUMBER = 2
  # Where the repository is: the tests run elsewhere.
  ROOT = ENV.fetch('K1S0_ROOT')

  module_function

  def read(name) = JSON.parse(File.read(File.join(ROOT, 'conformance', name)))

  # Every scenario of the manifest; fewer than it promises is an error.
  def scenarios
    manifest = read('manifest.json')
    raise "this runner is for suite #{NUMBER}, not #{manifest['suite']}" unless manifest['suite'] == NUMBER

    found = manifest['files'].flat_map { |file| read(file['path'])['scenarios'] }
    return found if found.any? && found.size == manifest['scenarios']

    raise "#{found.size} scenarios, and the manifest promises #{manifest['scenarios']}"
  end

  # A time of a step or a config, in whichever unit it is given.
  def nanoseconds(of, name = nil)
    prefix = name ? "#{name}_" : ''
    return Integer(of["#{prefix}ns"], 10) if of["#{prefix}ns"]

    milliseconds = of["#{prefix}ms"]
    milliseconds && (milliseconds.to_r * 1_000_000).round
  end

  # As the package takes it, exact.
  def length(nanoseconds) = nanoseconds && Rational(nanoseconds, 1_000_000_000)

  # As the package answers it.
  def wait(nanoseconds) = nanoseconds&.fdiv(1_000_000_000)

  TIMES = %w[timeout probe_timeout window_time slow_call_duration max_timeout].freeze
  # What the constructor is given.
  def config(json)
    json.to_h.each_with_object({}) do |(name, value), fields|
      field = name.delete_suffix('_ms').delete_suffix('_ns')
      fields[field.to_sym] =
        if TIMES.include?(field) then length(nanoseconds(json, field))
        elsif field == 'jitter_seed' then Integer(value, 10)
        else value == 'off' ? nil : value
        end
    end
  end
end
