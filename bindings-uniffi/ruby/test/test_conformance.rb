# frozen_string_literal: true

# Each scenario through each way in, a test each; the last line is the one of the contract.

require_relative 'helper'
require_relative 'conformance/player'

class TestConformance < Minitest::Test
  RAN = {}

  def self.play(entry, scenario, &body)
    name = scenario['name']
    define_method(:"test_#{entry}::#{name}") do
      RAN[name] = true unless RAN.key?(name)
      instance_exec(&body)
    rescue Exception # rubocop:disable Lint/RescueException
      RAN[name] = false
      raise
    end
  end

  # Whether held calls end in the reverse order, as calls inside of calls do.
  def self.nested?(scenario)
    held = []
    scenario['steps'].all? do |step|
      if step['op'] == 'acquire' && step['expect'] == 'admitted'
        held << step['permit']
      elsif %w[settle drop].include?(step['op']) && held.include?(step['permit'])
        next held.pop == step['permit']
      end
      true
    end
  end

  Suite.scenarios.each do |scenario|
    if scenario['refused']
      play('constructor', scenario) { refused(scenario) }
      next
    end
    Entries::ALL.each { |name, enter| play(name, scenario) { Player.new(scenario, self).play(enter) } }
    next unless nested?(scenario)

    Entries::NESTED.each { |name, enter| play(name, scenario) { Player.new(scenario, self).play_nested(enter) } }
  end

  # The error names the field, the value and the range.
  def refused(scenario)
    expected = scenario['refused']
    error = assert_raises(CircuitBreaker::ConfigError) { CircuitBreaker.new(**Suite.config(scenario['config'])) }
    field = expected['field']
    field = scenario['config'].key?('window_calls') ? 'window_calls' : 'window_time' if field == 'window'
    assert_equal field.to_sym, error.field
    assert_equal expected['range'], error.range
    assert_equal plain(expected['value']), plain(error.value.nil? ? 'off' : error.value.to_s) if expected['value']
    assert error.message.start_with?("#{field} is ") && error.message.end_with?("; it must be #{expected['range']}")
  end

  # Numbers by their value, everything else as it prints.
  def plain(text) = Float(text, exception: false) || text

  Minitest.after_run do
    failed = RAN.values.count(false)
    puts "conformance: suite #{Suite::NUMBER}, #{RAN.size} run, #{failed} failed, 0 skipped"
    exit 1 unless RAN.size == Suite.read('manifest.json')['scenarios']
  end
end
