"""A field of the contract and its wrong value come in; why it is wrong, and what to send instead, go out.

`slow_path` and `identity` call `wrong_value`.

    currencies       letters and signs beside a number -> whether they are a currency
    written_numbers  a text such as "2,500.00" -> the number that it probably means
    numbers          a value that is no integer, no amount or no rating -> why
    iso_times        a text that is nearly an RFC 3339 date and time -> what is wrong, and the text to send
    moments          a value that is no RFC 3339 date and time -> why, and the same moment as it should be written
    wrong_value      a field and its wrong value -> the detail
"""
