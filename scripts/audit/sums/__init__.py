"""Compares the sums of hours, minutes and sealed days with those of the raw events.

In: sums of a day's events by minute and by second, and the stored documents. Out: findings, and a `Difference` for each
document that is wrong, which the repair takes. The day check, the repair and the files above them may call this
package; it calls `reading` and `findings`.

levels         a document of sums as packed sums by path
by_time        packed sums by time and partition, and what they make of each hour's document
differences    a document whose sums are not those of the events
sealed_days    what the documents of a sealed day must hold, which share its sums
rollups        some products' documents of a day against the sums of their minutes
totals         a day's documents over all products against the sums of its seconds
"""
