# frozen_string_literal: true

# What users of a breaker rely on, beyond the rules of the suite.

require_relative 'helper'
require_relative 'conformance/suite'

class TestCircuitBreaker < Minitest::Test
  def setup
    @clock = HandClock.new
  end

  def breaker(**config) = CircuitBreaker.new(failure_threshold: 2, name: 'users', clock: @clock, **config)

  def fails(breaker)
    assert_raises(IOError) { breaker.call { raise IOError, 'down' } }
  end

  def test_it_opens_waits_and_closes_again
    it = breaker
    assert_equal 'a user', it.call { 'a user' }
    2.times { fails(it) }
    assert it.open?
    @clock.advance(10)
    rejection = assert_raises(CircuitBreaker::Error) { it.call { flunk } }
    assert_equal [:open, 20.0, 'users'], [rejection.reason, rejection.retry_after, rejection.breaker_name]
    assert_equal 'the circuit breaker "users" is open; retry after 20.0 s', rejection.message
    @clock.advance(20)
    assert it.half_open?
    3.times { it.call { nil } }
    assert it.closed?
    metrics = it.metrics
    assert_equal [4, 2, 1], [metrics.success_count, metrics.failure_count, metrics.rejected_count]
    assert_equal 1, metrics.transitions_between(:closed, :open)
    assert_equal 4, metrics.to_h[:success_count]
  end

  def test_a_bad_field_is_named
    error = assert_raises(CircuitBreaker::ConfigError) { breaker(half_open_max_calls: -1) }
    assert_equal 'half_open_max_calls is -1; it must be 1 to 65535', error.message
    assert_kind_of ArgumentError, error
    { timeout: Float::NAN, probe_timeout: -1, jitter: 'much', success_threshold: 2.5, shadow: nil }.each do |field, value|
      assert_equal field, assert_raises(CircuitBreaker::ConfigError) { breaker(field => value) }.field
    end
    assert_raises(ArgumentError) { breaker(failure_treshold: 1) }
  end

  def test_what_comes_from_outside_is_cancelled
    it = breaker
    assert_raises(Interrupt) { it.call { raise Interrupt } }
    assert_raises(SystemExit) { it.call { exit } }
    began = Queue.new
    thread = Thread.new { it.call { began << true && sleep } }
    began.pop
    thread.kill.join
    assert_equal [3, 0], [it.metrics.cancelled_count, it.metrics.failure_count]
  end

  def test_a_timeout_is_a_failure_inside_and_around
    it = breaker(failure_threshold: 9)
    assert_raises(Timeout::Error) { it.call { Timeout.timeout(0.01) { sleep } } }
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { it.call { sleep } } }
    assert_raises(IOError) { Timeout.timeout(0.01, IOError) { it.call { sleep } } }
    # One that is of no call leaves nothing behind.
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { sleep } }
    catch(:done) { it.call { throw :done } }
    assert_equal [3, 1], [it.metrics.failure_count, it.metrics.success_count]
  end

  def test_a_timeout_around_two_breakers_is_a_failure_of_both
    outer = breaker
    inner = breaker
    assert_raises(Timeout::Error) { Timeout.timeout(0.01) { outer.call { inner.call { sleep } } } }
    assert_equal [1, 1], [outer.metrics.failure_count, inner.metrics.failure_count]
  end

  def left_by_return(breaker) = breaker.call { return :returned }

  def test_a_block_may_be_left
    it = breaker
    assert_equal :returned, left_by_return(it)
    [1].each { it.call { break } }
    assert_equal 2, it.metrics.success_count
  end

  def test_a_probe_that_is_left_or_killed_gives_its_slot_back
    it = breaker(timeout: 0)
    it.trip
    began = Queue.new
    thread = Thread.new { it.call { began << true && sleep } }
    began.pop
    assert_equal 1, it.metrics.probes_in_flight
    assert_raises(CircuitBreaker::Error) { it.call { flunk } }
    thread.kill.join
    assert_equal :returned, left_by_return(it)
    assert_equal [0, 1, 1], [it.metrics.probes_in_flight, it.metrics.cancelled_count, it.metrics.success_count]
  end

  def test_classifiers_say_what_counts
    it = breaker(
      classify_error: ->(error) { :ignored if error.is_a?(KeyError) },
      classify_result: ->(result) { CircuitBreaker::Verdict.new(:failure, 5) if result == 'busy' }
    )
    assert_raises(KeyError) { it.call { raise KeyError } }
    it.call { 'busy' }
    it.call { 'fine' }
    assert_equal [1, 1, 1], [it.metrics.ignored_count, it.metrics.failure_count, it.metrics.success_count]
  end

  def test_a_classifier_that_raises_makes_a_failure
    it = breaker(classify_error: ->(_) { raise 'classifier' })
    seen = assert_raises(RuntimeError) { it.call { raise IOError, 'call' } }
    assert_equal %w[classifier call], [seen.message, seen.cause.message]
    assert_equal 1, it.metrics.failure_count
  end

  def test_a_permit_counts_once
    it = breaker
    permit = it.acquire
    assert_equal :applied, permit.failure(retry_after: 60)
    assert_equal :already_settled, permit.success
    assert permit.settled?
    assert_raises(ArgumentError) { it.acquire.settle(:perfect) }
    it.trip
    assert_nil it.try_acquire
  end

  def forget(breaker)
    breaker.acquire
    nil
  end

  def test_a_forgotten_probe_gives_its_slot_back
    it = breaker(timeout: 0)
    it.trip
    forget(it)
    assert_equal 1, it.metrics.probes_in_flight
    # Bounded: what the collector takes for in use may take some rounds to go.
    100.times do
      GC.start
      break if it.metrics.cancelled_count == 1

      Array.new(1000) { Object.new }
    end
    assert_equal [1, 0], [it.metrics.cancelled_count, it.metrics.probes_in_flight]
  end

  def test_listeners_are_told_in_order
    it = breaker
    told = []
    it.on_transition { raise 'listener' }
    it.on_transition { |made| it.reset if made.reason == :trip }
    stop = it.on_transition { |made| told << made.to_s }
    _, said = capture_io { it.trip }
    stop.call
    capture_io { it.trip }
    assert_equal ['users: closed -> open (trip)', 'users: open -> closed (reset)'], told
    assert_match(/listener/, said)
    assert_equal 4, it.recent_transitions.size
  end

  def test_a_hands_modes
    it = breaker
    it.force_open
    rejection = assert_raises(CircuitBreaker::Error) { it.call { flunk } }
    assert_equal [:forced_open, nil], [rejection.reason, rejection.retry_after]
    it.force_closed
    9.times { fails(it) }
    assert it.closed? && it.metrics.forced
    it.automatic
    it.tick
    refute it.explain.forced
  end

  def test_an_explanation_has_data_and_words
    it = breaker
    it.record_failure
    explanation = it.explain
    assert_equal [:closed, 1], [explanation.state, explanation.needs.size]
    assert_equal 1, explanation.to_h['epoch']
    assert_includes explanation.to_s, 'users'
  end

  def test_a_registry_makes_one_of_each_name
    registry = CircuitBreaker::Registry.new(failure_threshold: 1)
    assert_same registry['a'], registry['a']
    registry['a'].record_failure
    assert registry['a'].open? && registry['b'].closed?
    assert_equal %w[a b], registry.to_h.keys
    registry.delete('a')
    refute registry.include?('a')
    assert_raises(CircuitBreaker::ConfigError) { CircuitBreaker::Registry.new(jitter: 2) }
  end

  def test_a_wrapped_block_takes_its_arguments
    assert_equal [1, { two: 2 }], breaker.wrap { |one, two:| [one, { two: two }] }.call(1, two: 2)
  end

  def test_constants_are_cores
    constants = Suite.read('constants.json')
    names = ->(list) { constants[list].map { |it| it.is_a?(Hash) ? (it['label'] || it['name']).to_sym : it.to_sym } }
    assert_equal names.call('states'), CircuitBreaker::STATES
    assert_equal names.call('outcomes'), CircuitBreaker::OUTCOMES
    assert_equal names.call('effects'), CircuitBreaker::EFFECTS
    assert_equal names.call('reasons'), CircuitBreaker::REASONS
    assert_equal names.call('reject_reasons'), CircuitBreaker::REJECT_REASONS
    assert_equal names.call('transport_errors'), CircuitBreaker::TRANSPORT_ERRORS
    constants['http_status'].each do |outcome, ranges|
      ranges.each do |from, to|
        (from..to).each { |it| assert_equal outcome.to_sym, CircuitBreaker::Classify.http_status(it), it.to_s }
      end
    end
    constants['grpc_status'].each do |it|
      assert_equal it['outcome'].to_sym, CircuitBreaker::Classify.grpc_status(it['code'])
    end
    constants['transport_errors'].each do |it|
      assert_equal it['outcome'].to_sym, CircuitBreaker::Classify.transport_error(it['name'].to_sym)
    end
  end
end
