# frozen_string_literal: true

# The ways into a breaker. Each holds calls open, as a scenario's permits are, and ends them as it is told.
module Entries
  # What a guarded block raises so that its call ends so, and what the server asks for with it.
  class Raised < StandardError
    attr_reader :how, :retry_after

    def initialize(how, retry_after = nil)
      @how = how
      @retry_after = retry_after
      super(how)
    end
  end

  # What every breaker of the suite is made with. A failure without a wish is left to the default.
  CLASSIFY = lambda do |error|
    next nil unless error.is_a?(Raised)
    next :ignored if error.how == 'ignored'

    error.retry_after && CircuitBreaker::Verdict.new(:failure, error.retry_after)
  end

  # What a block comes to at its end: a value to return, or something to raise.
  def self.ending(result, retry_after = nil)
    case result
    when 'success' then Object.new
    when 'panic' then NoMemoryError.new('unexpected')
    when 'cancel', 'cancelled' then Interrupt.new('given up')
    else Raised.new(result, retry_after)
    end
  end

  def self.finish(token) = token.is_a?(Exception) ? raise(token) : token

  # Sees that what the block did came back unchanged. A rejection goes on.
  def self.ended_as(result, token)
    found = yield
    raise "#{found.inspect} came back" unless result == 'success' && found.equal?(token)
  rescue Exception => e # rubocop:disable Lint/RescueException
    raise unless e.equal?(token) && result != 'success'
  end

  # `acquire` and a permit's own methods.
  class Permits
    def initialize(breaker)
      @breaker = breaker
      @held = {}
    end

    def acquire(name)
      @held[name] = @breaker.acquire
    end

    def settle(name, outcome, retry_after) = ended(@held.fetch(name), outcome, retry_after)

    def drop(name) = @held[name]&.cancel

    def call(result)
      permit = @breaker.acquire
      yield
      raise 'settled' if permit.settled?

      ended(permit, { 'panic' => 'failure', 'cancel' => 'cancelled' }.fetch(result, result), nil)
      raise 'not settled' unless permit.settled? && permit.cancel == :already_settled
    end

    private

    def ended(permit, outcome, retry_after)
      case outcome
      when 'success' then permit.success
      when 'failure' then permit.failure(retry_after: retry_after)
      when 'ignored' then permit.ignore
      else permit.cancel
      end
    end
  end

  # `acquire`, and `settle` with an outcome.
  class Settle < Permits
    private

    def ended(permit, outcome, retry_after) = permit.settle(outcome.to_sym, retry_after: retry_after)
  end

  # `call` with a block, in a thread of its own; a held call is a thread that waits.
  class Threads
    def initialize(breaker)
      @breaker = breaker
      @held = {}
    end

    def acquire(name)
      began = Queue.new
      ends = Queue.new
      thread = start(began) { Entries.finish(ends.pop) }
      rejection = began.pop
      raise rejection if rejection

      @held[name] = [thread, ends]
    end

    def settle(name, outcome, retry_after)
      thread, ends = @held.delete(name)
      return unless thread

      if outcome == 'cancelled'
        thread.kill.join
      else
        token = Entries.ending(outcome, retry_after)
        ends << token
        Entries.ended_as(outcome, token) { thread.value }
      end
      nil
    end

    def drop(name) = settle(name, 'cancelled', nil)

    # None of these threads outlives its scenario.
    def close = @held.each_value { |thread, _| thread.kill.join }

    def call(result, &meanwhile)
      token = Entries.ending(result)
      thread = start(Queue.new) do
        meanwhile.call
        Thread.current.kill if result == 'cancel'
        Entries.finish(token)
      end
      result == 'cancel' ? thread.value : Entries.ended_as(result, token) { thread.value }
    end

    private

    def start(began)
      Thread.new do
        Thread.current.report_on_exception = false
        @breaker.call do
          began << nil
          yield
        end
      rescue CircuitBreaker::Error => e
        began << e
        raise
      end
    end
  end

  # A block inside of a block. What a scenario does while a call is held, it does inside of it; so it must end the calls that
  # it holds in the reverse order.
  class Nested
    def initialize(&run)
      @run = run
    end

    # The block plays on, and answers how this call ends.
    def hold(&meanwhile) = guarded(&meanwhile)

    def call(result)
      guarded do
        yield
        [result, nil]
      end
    end

    private

    def guarded
      outcome = token = nil
      found = @run.call(lambda do
        outcome, retry_after = yield
        token = Entries.ending(outcome, retry_after)
        Entries.finish(token)
      end)
      raise "#{found.inspect} came back" unless outcome == 'success' && found.equal?(token)
    rescue Exception => e # rubocop:disable Lint/RescueException
      raise unless token && e.equal?(token) && outcome != 'success'
    end
  end

  # Those whose calls may be open side by side.
  ALL = { 'permits' => Permits.method(:new), 'settle' => Settle.method(:new), 'threads' => Threads.method(:new) }.freeze
  # Those whose calls lie inside of one another.
  NESTED = {
    'call' => ->(breaker) { Nested.new { |block| breaker.call { block.call } } },
    'wrap' => ->(breaker) { Nested.new { |block| breaker.wrap { block.call }.call } }
  }.freeze
end
