# frozen_string_literal: true

# Many threads, many breakers, and forks.

require_relative 'helper'

class TestThreads < Minitest::Test
  def test_every_success_is_counted_once
    it = CircuitBreaker.new(failure_rate: 0.5)
    Array.new(8) { Thread.new { 2000.times { it.call { nil } } } }.each(&:join)
    assert_equal 16_000, it.metrics.success_count
  end

  def test_cancelled_probes_lose_no_slot
    slots = 50
    rounds = FULL ? 2000 : 40
    it = CircuitBreaker.new(timeout: 0, half_open_max_calls: slots)
    it.trip
    rounds.times do
      began = Queue.new
      threads = Array.new(slots) { Thread.new { it.call { began << true && sleep } } }
      slots.times { began.pop }
      threads.each(&:kill).each(&:join)
    end
    metrics = it.metrics
    assert_equal [slots * rounds, 0], [metrics.cancelled_count, metrics.probes_in_flight]
    puts "figure: #{metrics.cancelled_count} killed threads, #{metrics.probes_in_flight} slots lost"
  end

  def test_breakers_come_and_go_and_no_memory_goes_with_them
    count = FULL ? 500_000 : 10_000
    some = -> { count.times { CircuitBreaker.new.call { nil } } }
    resident = lambda do
      GC.start
      File.read('/proc/self/statm').split[1].to_i * 4096 / 1_000_000
    end
    some.call
    before = resident.call
    some.call
    after = resident.call
    puts "figure: #{2 * count} breakers made and collected, #{before} MB resident after half of them, #{after} MB after all"
    assert_operator after - before, :<, 32
  end

  def test_the_child_of_a_fork_goes_on_by_itself
    it = CircuitBreaker.new
    it.call { nil }
    reader, writer = IO.pipe
    child = fork do
      told = []
      it.on_transition { |made| told << made.reason }
      it.trip
      writer.write("#{it.state} #{told.first} #{it.metrics.success_count}")
      exit!(0)
    end
    writer.close
    Process.wait(child)
    assert_equal 'open trip 1', reader.read
    assert_equal :closed, it.state
  end
end
