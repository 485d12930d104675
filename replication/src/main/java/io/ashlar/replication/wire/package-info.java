/**
 * The messages of the placement-group protocol and their encoding.
 *
 * <pre>
 * type   message           from → to                what
 * 0x0101 Prepare           primary → member         an entry with its data
 * 0x0102 PrepareAck        member → primary         all entries up to a sequence are on stable storage
 * 0x0103 ReconcileRequest  new primary → member     promise the epoch, name your entries above my committed point
 * 0x0104 ReconcileReply    member → new primary     those
 * 0x0105 Join              process → primary        may I be a learner; this is what I hold
 * 0x0106 LearnStart        primary → learner        what to keep, what to expect
 * 0x0107 Inventory         learner → primary        digests of all its chunks, when logs do not reach
 * 0x0108 Copy              primary → learner        contents, at their place in the stream
 * 0x0109 CopyAck           learner → primary        they are on stable storage
 * 0x010A LearnDone         primary → learner        you hold everything: this is our log
 * 0x010B LearnDoneAck      learner → primary        noted on stable storage
 * 0x010C CommitNote        primary → member         all up to a sequence is committed
 * 0x010D Fetch             primary → member         give me your blocks, mine are damaged
 * 0x010E FetchReply        member → primary         those
 * 0x010F LearnWait         primary → learner        I have not forgotten you; are you there
 * 0x0118 Resign            primary → member         I lead no more: my device has failed
 * 0x0120 ListChunks        primary → member         which chunks have you, for scrub
 * 0x0121 Chunks            member → primary         those
 * 0x0122 Inspect           primary → member         what do you hold of these blocks
 * 0x0123 Inspected         member → primary         their checksums, and which are damaged
 * 0x0201 Beacon            any → any                for leases
 * 0x0202 BeaconAnswer      any → any                for leases
 * 0x0301 GroupRequest      owner → primary          a read, write, compare and write, trim or fence
 * 0x0302 GroupResponse     primary → owner          its answer
 * </pre>
 */
@NullMarked
package io.ashlar.replication.wire;

import org.jspecify.annotations.NullMarked;
