# frozen_string_literal: true

require_relative 'entries'
require_relative 'suite'

# Plays a scenario on a breaker through one way in. The contract is in conformance/README.md.
class Player
  def initialize(scenario, test)
    @steps = scenario['steps']
    @test = test
    @now = 0
    @breaker = CircuitBreaker.new(
      clock: -> { @now }, classify_error: Entries::CLASSIFY, **Suite.config(scenario['config'])
    )
    @fresh = []
    @told = []
    @remembered = []
    @last = [:closed, 1]
    @next = 0
    @breaker.on_transition { |transition| @fresh << transition }
  end

  def play(enter)
    @entry = enter.call(@breaker)
    @steps.each do |step|
      explained(step) do
        act(step)
        after(step)
      end
    end
  ensure
    @entry.close if @entry.respond_to?(:close)
  end

  def play_nested(enter)
    @entry = enter.call(@breaker)
    play_until(nil)
  end

  private

  # As play, where held calls are blocks that are being run: plays on until this one is to end, and answers how, and the step
  # that says so; none where the scenario ends first.
  def play_until(ends)
    while @next < @steps.size
      step = @steps[@next]
      @next += 1
      if ends && end?(step) && step['permit'] == ends
        return [step['op'] == 'drop' ? 'cancelled' : step['outcome'], retry_after(step), step]
      end

      explained(step) do
        step['op'] == 'acquire' ? hold(step) : (act(step) unless end?(step))
        after(step)
      end
    end
    ['success', nil, nil]
  end

  def hold(step)
    ended = nil
    verdict(step['expect']) do
      @entry.hold do
        @test.assert_equal 'admitted', step['expect']
        # What is looked at after the acquisition, before the rest.
        after(step)
        ended = play_until(step['permit'])
        ended.first(2)
      end
    end
    after(ended[2]) if ended && ended[2]
  end

  def end?(step) = %w[settle drop].include?(step['op'])

  def retry_after(step) = Suite.length(Suite.nanoseconds(step, 'retry_after'))

  def explained(step)
    yield
  rescue Minitest::Assertion => e
    raise if e.message.start_with?('step ')

    raise Minitest::Assertion, "step #{@steps.index(step) + 1}, #{step}: #{e.message}"
  end

  def after(step)
    look_at_transitions
    compare_transitions(step['expect']) if step['op'] == 'transitions'
  end

  # P4: each `from` is the `to` before it, and epochs have no gaps.
  def look_at_transitions
    @fresh.each do |made|
      @test.assert_equal @last, [made.from, made.epoch - 1]
      @last = [made.to, made.epoch]
    end
    @told.concat(@fresh)
    @remembered = (@remembered + @fresh).last(32)
    @fresh.clear
    @test.assert_equal @remembered, @breaker.recent_transitions
  end

  def compare_transitions(expected)
    found = @told
    @told = []
    mine = expected.map do |it|
      at = Suite.wait(Suite.nanoseconds(it, 'at') || 0)
      [it['from'].to_sym, it['to'].to_sym, it['epoch'], it['reason'].to_sym, at]
    end
    @test.assert_equal(mine, found.map { |it| [it.from, it.to, it.epoch, it.reason, it.at] })
  end

  def verdict(expected)
    yield
  rescue CircuitBreaker::Error => e
    @test.assert_kind_of Hash, expected, "rejected: #{e.message}"
    @test.assert_equal expected['rejected'].to_sym, e.reason
    same Suite.wait(Suite.nanoseconds(expected, 'retry_after')), e.retry_after
  else
    @test.refute_kind_of Hash, expected, 'not rejected'
  end

  def same(expected, found, message = nil)
    expected.nil? ? @test.assert_nil(found, message) : @test.assert_equal(expected, found, message)
  end

  def act(step)
    case step['op']
    when 'advance' then @now += Suite.nanoseconds(step)
    when 'set_clock' then @now = Suite.nanoseconds(step)
    when 'acquire' then verdict(step['expect']) { @entry.acquire(step['permit']) }
    when 'settle' then settle(step)
    when 'drop' then @entry.drop(step['permit'])
    when 'call' then call(step)
    when 'record' then record(step)
    when 'tick' then @breaker.tick
    when 'control' then @breaker.public_send(step['do'])
    when 'state' then state(step['expect'].to_sym)
    when 'metrics' then metrics(step['expect'])
    # The first is looked at after every step. A closed breaker's clock is read where the library is called: that cannot be
    # counted here.
    when 'transitions', 'clock_reads' then nil
    else raise step['op']
    end
  end

  def settle(step)
    effect = @entry.settle(step['permit'], step['outcome'], retry_after(step))
    @test.assert_equal step['expect'].to_sym, effect if effect
  end

  def call(step)
    takes = Suite.nanoseconds(step, 'takes') || 0
    (step['times'] || 1).times do
      ran = 0
      verdict(step['expect']) do
        @entry.call(step['result']) do
          ran += 1
          @now += takes
        end
      end
      @test.assert_equal step['expect'].is_a?(Hash) ? 0 : 1, ran
    end
  end

  def record(step)
    (step['times'] || 1).times { @breaker.public_send(:"record_#{step['outcome']}") }
  end

  def state(expected)
    @test.assert_equal expected, @breaker.state
    @test.assert_equal expected == :open, @breaker.open?
    @test.assert_equal expected, @breaker.explain.state
  end

  def metrics(expected)
    found = @breaker.metrics
    expected.each do |name, value|
      if name.start_with?('remaining_wait')
        same value && Suite.wait(Suite.nanoseconds(expected, 'remaining_wait')), found.remaining_wait, name
      else
        same value.is_a?(String) ? value.to_sym : value, metric(found, name), name
      end
    end
  end

  COUNTS = {
    'success' => :success_count, 'failure' => :failure_count, 'ignored' => :ignored_count, 'cancelled' => :cancelled_count,
    'rejected' => :rejected_count, 'would_reject' => :would_reject_count, 'slow' => :slow_count, 'stale' => :stale_count,
    'transitions' => :transition_count
  }.freeze

  def metric(found, name)
    case name
    when /\Arejected_(.*)/ then found.rejected_by_reason.fetch(Regexp.last_match(1).to_sym)
    when /\Awould_reject_(.*)/ then found.would_reject_by_reason.fetch(Regexp.last_match(1).to_sym)
    else found.public_send(COUNTS.fetch(name, name))
    end
  end
end
