"""Letters that leave Easel: written with the fact they tell of, sent after it is true. Imports base modules only."""
