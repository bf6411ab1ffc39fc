"""Local Indicators: partners' spreadsheets in, quality-assured local indicators out.

The rooms of this package are the folders of the same name beside it, reached through links: what is installed is one
package, `local_indicators`, and no top-level name that another package could have.
"""
