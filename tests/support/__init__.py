"""What tests share: places for nights, small returns and workbooks, servers, random histories."""
